"""The example DAG file on Airflow: the factory loads each of its flows, which runs and leaves its result."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from integration.conformance.canonical import canonical
from integration.conformance.compare import snapshot_in
from integration.conformance.on_airflow import make_home
from integration.harness.airflow.home import AirflowHome
from integration.harness.airflow.tester import DagTester
from integration.harness.process import ROOT
from metaflow_extensions.orchestrators.core.ids import airflow_run_id

pytestmark = pytest.mark.airflow

EXAMPLES = ROOT / "metaflow_provider" / "example_dags"

# Flow, parameters, and artifacts of its last step.
RUNS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("StepFunctionsFlow", {}, {"results": [2 * i for i in range(10)]}),
    ("ArgoFlow", {}, {"model": {"slope": 3.0, "intercept": 1.0}}),
    ("AirflowETLFlow", {"date": "2025-06-30"}, {"date": "2025-06-30"}),
    ("MultiPlatformFlow", {}, {"processed": True}),
    ("NestedForeachFlow", {}, {"best": "median", "errors": {"mean": 8.74, "median": 8.0}}),
    ("SwitchFlow", {}, {"decision": "approved"}),
    ("SwitchFlow", {"amount": 5000}, {"decision": "approved after review"}),
    ("RecursionFlow", {"number": 9.0}, {"root": 3.0, "rounds": 6}),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> AirflowHome:
    home = make_home(tmp_path_factory.mktemp("examples"))
    unwanted = shutil.ignore_patterns("__pycache__", ".metaflow")
    shutil.copytree(EXAMPLES, home.dags, ignore=unwanted, dirs_exist_ok=True)
    return home


@pytest.fixture(scope="module")
def tester(home: AirflowHome) -> Iterator[DagTester]:
    with DagTester(home) as tester:
        yield tester


@pytest.mark.parametrize(("flow", "parameters", "artifacts"), RUNS, ids=lambda value: str(value)[:30])
def test_an_example_runs(
    home: AirflowHome, tester: DagTester, flow: str, parameters: dict[str, Any], artifacts: dict[str, Any]
) -> None:
    run = tester.run(flow, parameters)
    assert run.state == "success", tester.log.read_text()
    found = snapshot_in(home.env, flow, airflow_run_id(run.run_id, flow))
    [end] = [task for task in found.tasks if task.key.step == "end"]
    expected = {name: canonical(value) for name, value in artifacts.items()}
    assert {name: end.artifacts[name] for name in artifacts} == expected


def test_every_example_is_run() -> None:
    assert len({flow for flow, _, _ in RUNS}) == len(list(EXAMPLES.glob("flows/*.py")))


# Prints, after Airflow's own warnings, the files of a folder that it reads, whatever is in them.
DAG_FILES = """
import json, sys
from airflow.utils.file import list_py_file_paths
print(json.dumps(list_py_file_paths(sys.argv[1], safe_mode=False)))
"""


def test_airflow_takes_no_flow_for_a_dag_file(home: AirflowHome) -> None:
    command = [sys.executable, "-c", DAG_FILES, str(home.dags)]
    done = subprocess.run(command, env=home.env, stdout=subprocess.PIPE, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == [str(home.dags / "flows_dag.py")]
