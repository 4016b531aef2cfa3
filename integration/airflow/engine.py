"""A running Airflow for the tests of this folder, and the flows that they deploy on it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from integration.conformance.compare import RunSnapshot, TaskSnapshot, snapshot_in
from integration.harness.airflow.client import AirflowClient
from integration.harness.airflow.home import AirflowHome
from integration.harness.airflow.runs import DagRun
from integration.harness.airflow.scheduler import Scheduler
from metaflow_extensions.orchestrators.core.ids import airflow_run_id


def write_flow(folder: Path, flow: str, steps: str) -> Path:
    """A flow file `<folder>/<flow>.py`: `steps` is the body of its class, or whole with its decorators.

    Example:
        write_flow(tmp_path, "One", "@step\ndef start(self): ...")
    """
    body = textwrap.dedent(steps).strip()
    if f"class {flow}" not in body:
        body = f"class {flow}(FlowSpec):\n{textwrap.indent(body, '    ')}"
    file = folder / f"{flow}.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        f"import os, pathlib, signal, subprocess, sys, time\nfrom metaflow import *\n\n\n{body}\n\n\n"
        f'if __name__ == "__main__":\n    {flow}()\n'
    )
    return file


def create(
    home: AirflowHome,
    flow_file: Path,
    options: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    top_options: Sequence[str] = (),
) -> Path:
    """Run `airflow create` for a flow, whose DAG then is called like the flow; returns the DAG file.

    Raises:
        RuntimeError: the command failed; the message ends with what it said.
    """
    target = home.dags / f"{flow_file.stem}.py"
    command = [sys.executable, str(flow_file), "--no-pylint", *top_options]
    done = subprocess.run(
        [*command, "airflow", "create", str(target), *options],
        env={**home.env, **(env or {})},
        cwd=flow_file.parent,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{flow_file.name} does not compile:\n{done.stderr[-4000:]}")
    return target


class Engine:
    """A scheduler over one home, and a local datastore that its runs share.

    Args:
        scheduler: started.
        metadata: environment of flows that use the metadata service instead of local metadata; its headers
            are not in it: tasks have them from the connection `metaflow_default`.
        headers: what the metadata service wants to see.
    """

    def __init__(self, scheduler: Scheduler, metadata: Mapping[str, str], headers: Mapping[str, str]) -> None:
        self.scheduler = scheduler
        self.home = scheduler.home
        self.client: AirflowClient = scheduler.client
        self.folder = scheduler.home.folder.parent
        self.metadata = metadata
        self.headers_json = json.dumps(dict(headers))
        [self.secret] = headers.values()

    def deploy(
        self, flow: str, steps: str, options: Sequence[str] = (), env: Mapping[str, str] | None = None
    ) -> str:
        """Write the flow and its DAG file, and wait until Airflow has it; returns the DAG's id."""
        create(self.home, write_flow(self.home.folder / "flows", flow, steps), options, env)
        self.client.wait_for_dag(flow)
        self.client.unpause(flow)
        return flow

    def start(self, dag_id: str, conf: Mapping[str, Any] | None = None) -> str:
        """Start a run of a deployed flow; returns Airflow's id of it."""
        self.client.wait_for_dag(dag_id)
        self.client.unpause(dag_id)
        return self.client.trigger(dag_id, conf)

    def finished(self, dag_id: str, run_id: str, seconds: float = 120) -> DagRun:
        """The run when it has ended."""
        return self.client.wait_for(dag_id, run_id, seconds)

    def read(
        self, flow: str, run_id: str, env: Mapping[str, str] | None = None, dag_id: str | None = None
    ) -> RunSnapshot:
        """What Metaflow's client says of an Airflow run, asked for the first time."""
        with tempfile.TemporaryDirectory() as cache:
            env = {**self.home.env, **(env or {}), "METAFLOW_CLIENT_CACHE_PATH": cache}
            return snapshot_in(env, flow, airflow_run_id(run_id, dag_id or flow))

    def task(self, flow: str, run_id: str, step: str, env: Mapping[str, str] | None = None) -> TaskSnapshot:
        """The one task of a step."""
        [task] = [task for task in self.read(flow, run_id, env).tasks if task.key.step == step]
        return task

    def task_folder(self, flow: str, run_id: str, step: str, task_id: str = "t") -> Path:
        """Where the local datastore keeps a task."""
        root = Path(self.home.env["METAFLOW_DATASTORE_SYSROOT_LOCAL"], ".metaflow")
        return root / flow / airflow_run_id(run_id, flow) / step / task_id

    def log(self, dag_id: str, run_id: str, step: str, try_number: int | None = None) -> str:
        """Airflow's log of a task that is not mapped."""
        [task] = [t for t in self.client.task_instances(dag_id, run_id) if t.task_id == step]
        return self.client.log(dag_id, run_id, task, try_number)

    def state(self, dag_id: str, run_id: str, step: str) -> str | None:
        """The state of a task that is not mapped."""
        states = {t.task_id: t.state for t in self.client.task_instances(dag_id, run_id)}
        return states.get(step)


def connection(host: str, headers: Mapping[str, str]) -> str:
    """A `metaflow` connection as Airflow reads it from AIRFLOW_CONN_METAFLOW_DEFAULT."""
    return json.dumps({"conn_type": "metaflow", "host": host, "extra": {"headers": dict(headers)}})
