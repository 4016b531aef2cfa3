"""The demo on all three engines: one flow, deployed by each engine's `create`, run on it, compared."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from integration.conformance import on_airflow, on_argo, on_sfn
from integration.conformance.commands import CommandFailed
from integration.conformance.compare import RunSnapshot, differences
from integration.conformance.corpus import Case
from integration.conformance.reference import reference
from integration.demo.cases import EXAMPLE
from integration.demo.talk import CONSOLE, DemoFailed, doing, verdict
from integration.harness.airflow.tester import DagTester
from integration.harness.cluster.running import running_cluster
from integration.harness.process import Missing
from integration.harness.sfn.engine import Engine

FLOW = EXAMPLE.with_name("multi_platform_flow.py")
CASE = Case("MultiPlatformFlow", FLOW, "MultiPlatformFlow")


def main() -> int:
    """Run the demo; 0 if the run on every engine equals `python flow.py run`."""
    started = time.monotonic()
    good = True
    with tempfile.TemporaryDirectory(prefix="metaflow-demo-") as name:
        folder = Path(name)
        expected = reference(CASE, folder / "references").snapshot
        for engine, run in ENGINES.items():
            with doing(f"Deploying {CASE.flow} to {engine} and running it"), _failures():
                (folder / engine).mkdir()
                found = run(folder / engine)
            differ = differences(expected, found)
            good = good and not differ
            CONSOLE.print(f"        {len(found.tasks)} tasks, {'differs' if differ else 'equal to run'}")
            for line in differ:
                CONSOLE.print(f"        {line}")
    return verdict(good, time.monotonic() - started)


def on_airflow_itself(folder: Path) -> RunSnapshot:
    """The flow's run on Airflow."""
    home = on_airflow.make_home(folder)
    with DagTester(home) as tester:
        return on_airflow.run_on_airflow(CASE, home, tester)


def on_argo_workflows(folder: Path) -> RunSnapshot:
    """The flow's run on a cluster with Argo Workflows."""
    with running_cluster() as cluster:
        return on_argo.run_on_argo(CASE, cluster, folder)


def on_step_functions(folder: Path) -> RunSnapshot:
    """The flow's run on the Step Functions engine of this machine."""
    with Engine(folder, container=on_sfn.CONTAINER) as engine:
        return on_sfn.run_on_sfn(CASE, engine)


ENGINES = {
    "Airflow": on_airflow_itself,
    "Argo Workflows": on_argo_workflows,
    "Step Functions": on_step_functions,
}


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except (CommandFailed, Missing, RuntimeError) as failure:
        raise DemoFailed(str(failure)) from None
