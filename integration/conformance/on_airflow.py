"""Runs the corpus on Airflow: deployed by `airflow create`, run by `dag.test()`, read by Metaflow."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from integration.conformance.compare import RunSnapshot, differences, snapshot_in
from integration.conformance.corpus import CASES, Case, parameter_options, placed
from integration.conformance.reference import MAX_NUM_SPLITS, local_environment, reference
from integration.harness.airflow.home import AirflowHome
from integration.harness.airflow.tester import DagTester
from integration.harness.process import cache_dir
from metaflow_extensions.orchestrators.core.ids import airflow_run_id


def make_home(folder: Path, env: Mapping[str, str] | None = None) -> AirflowHome:
    """A fresh Airflow home whose tasks use a local datastore in `folder`, unless `env` says otherwise."""
    home = AirflowHome(folder / "airflow")
    store = folder / "store"
    store.mkdir()
    home.env = {**local_environment(store, home.env), **(env or {})}
    return home


def deploy(case: Case, home: AirflowHome) -> str:
    """Write the case's DAG file into the home's dags folder; returns the DAG's id.

    Raises:
        RuntimeError: the command failed; the message ends with what it said.
    """
    flow_file = placed(case, home.folder)
    target = home.dags / f"{case.name.replace('-', '_')}.py"
    name = [] if case.own_name else ["--name", case.name]
    command = [sys.executable, str(flow_file), "--no-pylint", *case.top_options, "airflow", *name]
    done = subprocess.run(
        [*command, "create", str(target), *case.run_options],
        env=home.env,
        cwd=home.folder,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"case {case.name} does not compile:\n{done.stderr[-4000:]}")
    line = next(line for line in target.read_text().splitlines() if line.startswith(' "name":'))
    return line.split('"')[3]


def run_needed(case: Case, home: AirflowHome) -> None:
    """Run, by Metaflow itself, the flows whose results the case looks for."""
    for needed in case.needs:
        other = CASES[needed]
        command = [sys.executable, str(placed(other, home.folder)), "--no-pylint", "run"]
        command += [f"--max-num-splits={MAX_NUM_SPLITS}", *parameter_options(other.parameters)]
        subprocess.run(command, env=home.env, cwd=home.folder, check=True, capture_output=True)


def run_on_airflow(case: Case, home: AirflowHome, tester: DagTester) -> RunSnapshot:
    """Deploy the case, run it, and read the run.

    Raises:
        RuntimeError: the DAG's state is not what the case expects; the message ends with its log.
    """
    run_needed(case, home)
    dag_id = deploy(case, home)
    run = tester.run(dag_id, dict(case.parameters))
    if (run.state == "success") != case.expect_success:
        raise RuntimeError(f"case {case.name} ended as {run.state}:\n{tester.log.read_text()[-6000:]}")
    return snapshot_in(home.env, case.flow, airflow_run_id(run.run_id, dag_id))


def differences_from_run(case: Case, home: AirflowHome, tester: DagTester) -> list[str]:
    """What differs between the case on Airflow and by `python flow.py run`."""
    expected = reference(case, cache_dir() / "references").snapshot
    found = run_on_airflow(case, home, tester)
    return differences(expected, found, ordered=case.ordered, values=case.values, logs=case.logs)
