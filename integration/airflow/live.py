"""A running Airflow with what the tests do to it: deploy flows, run them, read what they left."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from integration.conformance.compare import differences, snapshot_in
from integration.conformance.corpus import Case
from integration.conformance.on_airflow import deploy
from integration.conformance.reference import reference
from integration.harness.airflow.client import AirflowClient
from integration.harness.airflow.home import AirflowHome
from integration.harness.airflow.runs import DagRun
from integration.harness.process import cache_dir
from metaflow_extensions.orchestrators.core.ids import airflow_run_id


@dataclass(frozen=True)
class Live:
    """An Airflow home and the client of the server that runs in it."""

    home: AirflowHome
    client: AirflowClient

    def deploy_text(self, flow: str, text: str, *options: str) -> str:
        """Deploy a flow given as text; returns the DAG's id, which is the flow's name."""
        file = self.home.folder / "code" / flow / f"{flow.lower()}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        command = [sys.executable, str(file), "--no-pylint", "airflow", "create"]
        target = self.home.dags / f"{flow.lower()}.py"
        subprocess.run([*command, str(target), *options], env=self.home.env, check=True, capture_output=True)
        self.client.wait_for_dag(flow)
        self.client.unpause(flow)
        return flow

    def start(self, case: Case) -> tuple[Case, str, str]:
        """Deploy a case of the corpus and start it; returns what `check` takes."""
        dag_id = deploy(case, self.home)
        self.client.wait_for_dag(dag_id)
        self.client.unpause(dag_id)
        return case, dag_id, self.client.trigger(dag_id, dict(case.parameters))

    def check(self, started: tuple[Case, str, str]) -> None:
        """Wait for a case's run and compare it with `python flow.py run`."""
        case, dag_id, run_id = started
        run = self.client.wait_for(dag_id, run_id, seconds=300)
        assert run.state == ("success" if case.expect_success else "failed"), self.failures(run)
        found = snapshot_in(self.home.env, case.flow, airflow_run_id(run_id, dag_id))
        expected = reference(case, cache_dir() / "references").snapshot
        found_differences = differences(
            expected, found, ordered=case.ordered, values=case.values, logs=case.logs
        )
        assert found_differences == []

    def failures(self, run: DagRun) -> str:
        """The logs of the tasks that failed."""
        failed = [task for task in run.tasks if task.state == "failed"]
        return "\n".join(self.client.log(run.dag_id, run.run_id, task)[-3000:] for task in failed)

    def read(self, expression: str) -> Any:
        """The value of a Python expression over Metaflow's client, as JSON."""
        script = f"import json; from metaflow import *; namespace(None); print(json.dumps({expression}))"
        done = subprocess.run(
            [sys.executable, "-c", script], env=self.home.env, capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    def attempts(self, flow: str, run_id: str, step: str, task_id: str) -> list[int]:
        """Numbers of a task's attempts on the local datastore."""
        root = Path(self.home.env["METAFLOW_DATASTORE_SYSROOT_LOCAL"], ".metaflow", flow)
        folder = root / airflow_run_id(run_id, flow) / step / task_id
        return sorted(int(file.name.split(".")[0]) for file in folder.glob("*.attempt.json"))
