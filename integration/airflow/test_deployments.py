"""What is deployed on a running Airflow, and what becomes of runs when it changes or is gone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from integration.airflow.engine import Engine, create, write_flow
from integration.conformance.canonical import canonical
from integration.conformance.compare import snapshot_in
from integration.conformance.on_airflow import make_home
from integration.harness.airflow.tester import dag_test
from integration.harness.process import Missing, wait_until
from integration.harness.skips import skipped_if_missing
from metaflow_extensions.orchestrators.core.ids import airflow_run_id
from metaflow_provider.plan import loads

pytestmark = pytest.mark.airflow

VERSIONED = """
@step
def start(self):
    self.next(self.work)

@step
def work(self):
    while not os.path.exists(os.environ["METAFLOW_DATASTORE_SYSROOT_LOCAL"] + "/deployed-anew"):
        time.sleep(0.1)
    self.next(self.end)

@step
def end(self):
    self.version = VERSION
"""

TRIVIAL = """
@step
def start(self):
    self.next(self.end)

@step
def end(self):
    pass
"""


class ByFile:
    """Deploys by `airflow create`."""

    flow = "PinnedByFile"

    def deploy(self, engine: Engine, version: int) -> None:
        create(engine.home, write_flow(engine.home.folder / "flows", self.flow, versioned(version)))


class ByFactory:
    """Deploys by saving the flow file in the folder that a DAG file loads flows from."""

    flow = "PinnedByFactory"

    def deploy(self, engine: Engine, version: int) -> None:
        folder = engine.home.dags / "pinned"
        write_flow(folder, self.flow, versioned(version))
        (engine.home.dags / ".airflowignore").write_text("pinned/\n")
        # Written anew, so that Airflow does not wait for its turn.
        (engine.home.dags / "pinned_dag.py").write_text(
            f"# airflow dag {version}\n"
            "from metaflow_provider import load_flows\n"
            "load_flows(globals(), 'pinned')\n"
        )


def versioned(version: int) -> str:
    return VERSIONED.replace("VERSION", str(version))


@pytest.fixture
def go_on(engine: Engine) -> Path:
    """The file that the flows wait for, which is not there."""
    file = Path(engine.home.env["METAFLOW_DATASTORE_SYSROOT_LOCAL"], "deployed-anew")
    file.unlink(missing_ok=True)
    return file


def redeploy_in_the_middle(engine: Engine, flow: str, deploy: Callable[[int], object]) -> str:
    """Start a run of version 1 and deploy version 2 while it waits in `work`; returns the run's id."""
    deploy(1)
    run_id = engine.start(flow)
    wait_until(lambda: engine.state(flow, run_id, "work") == "running", 60, "the run is in the middle")
    before = engine.client.dag_details(flow)["doc_md"]
    deploy(2)
    wait_until(
        lambda: bool(engine.client.dag_details(flow)["doc_md"] != before), 60, "Airflow has the new plan"
    )
    return run_id


@pytest.mark.parametrize("way", [ByFile(), ByFactory()], ids=lambda way: way.flow)
def test_a_run_keeps_the_plan_and_the_code_that_it_began_with(
    engine: Engine, go_on: Path, way: ByFile | ByFactory
) -> None:
    old = redeploy_in_the_middle(engine, way.flow, lambda version: way.deploy(engine, version))
    go_on.touch()
    assert engine.finished(way.flow, old).state == "success"
    new = engine.start(way.flow)
    assert engine.finished(way.flow, new).state == "success"
    versions = [engine.task(way.flow, run, "end").artifacts["version"] for run in (old, new)]
    assert versions == [canonical(1), canonical(2)]


def test_a_run_whose_graph_gets_another_step_fails_instead_of_skipping_its_end(
    engine: Engine, go_on: Path
) -> None:
    """Without versioned bundles, Airflow goes on with the newest graph."""
    grown = versioned(2).replace("self.next(self.end)", "self.next(self.more)")
    texts = {1: versioned(1), 2: grown + "\n@step\ndef more(self):\n    self.next(self.end)\n"}
    folder = engine.home.folder / "flows"
    run_id = redeploy_in_the_middle(
        engine, "Grown", lambda version: create(engine.home, write_flow(folder, "Grown", texts[version]))
    )
    go_on.touch()
    run = engine.finished("Grown", run_id)
    assert (run.state, run.states()["end", -1]) == ("failed", "upstream_failed")
    assert "had no step more when this run began" in engine.log("Grown", run_id, "more")


def test_a_flow_file_in_the_dags_folder_is_no_dag_file(engine: Engine) -> None:
    ByFactory().deploy(engine, 3)
    engine.client.wait_for_dag(ByFactory.flow)
    assert engine.client.dag_details(ByFactory.flow)["fileloc"] == str(engine.home.dags / "pinned_dag.py")
    assert engine.client.import_errors() == {}


def test_a_code_package_that_is_gone_is_one_line_in_the_log(engine: Engine) -> None:
    flow = engine.deploy("Packless", TRIVIAL)
    package = next(Path(engine.home.env["METAFLOW_DATASTORE_SYSROOT_LOCAL"]).rglob(sha_of(engine, flow)))
    package.unlink()
    run_id = engine.start(flow)
    assert engine.finished(flow, run_id).state == "failed"
    lines = engine.log(flow, run_id, "start").splitlines()
    assert [line for line in lines if "code package" in line] == [
        f"AirflowFailException: The code package of {flow} cannot be used: {package} is not there any more; "
        "deploy the flow again"
    ]


def sha_of(engine: Engine, flow: str) -> str:
    """The sha of the code package in a generated DAG file."""
    text = (engine.home.dags / f"{flow}.py").read_text()
    plan = loads(text.split("DAG(r'''")[1].split("'''")[0])
    assert plan.code is not None
    return plan.code.sha


UV_STEPS = """
@step
def start(self):
    import toolz
    self.module = toolz.__file__
    self.total = toolz.reduce(lambda a, b: a + b, [1, 2, 3])
    self.next(self.end)

@step
def end(self):
    pass
"""


def test_a_flow_in_an_environment_of_uv_runs_in_it(tmp_path: Path) -> None:
    with skipped_if_missing():
        if shutil.which("uv") is None:
            raise Missing("uv is not on PATH")
    home = make_home(tmp_path)
    flow_file = write_flow(tmp_path / "flows", "WithUv", UV_STEPS)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    (flow_file.parent / "pyproject.toml").write_text(
        '[project]\nname = "with-uv"\nversion = "1"\ndependencies = ["toolz", "requests", "boto3"]\n'
        f'requires-python = "=={version}.*"\n'
    )
    subprocess.run(["uv", "lock", "--quiet"], cwd=flow_file.parent, env=home.env, check=True)
    create(home, flow_file, top_options=["--environment=uv"])
    run = dag_test(home, "WithUv")
    assert run.state == "success"
    left = snapshot_in(home.env, "WithUv", airflow_run_id(run.run_id, "WithUv"))
    start = next(task for task in left.tasks if task.key.step == "start")
    assert start.artifacts["total"] == canonical(6)
    assert "/.venv/" in str(start.artifacts["module"])
