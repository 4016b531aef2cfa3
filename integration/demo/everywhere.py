"""The demo on all three engines: one flow with a schedule, deployed by each `create`, run, compared."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from integration.conformance import on_airflow, on_argo, on_sfn
from integration.conformance.commands import CommandFailed, run
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
CASE = Case("MultiPlatformFlow", FLOW, "MultiPlatformFlow", own_name=True)


@dataclass(frozen=True)
class Ran:
    """The flow on an engine.

    Attributes:
        run: the run that was started by hand.
        schedule: what the engine keeps to start the flow by itself, in the engine's words.
    """

    run: RunSnapshot
    schedule: str


def main() -> int:
    """Run the demo; 0 if the run on every engine equals `python flow.py run`."""
    started = time.monotonic()
    good = True
    with tempfile.TemporaryDirectory(prefix="metaflow-demo-") as name:
        folder = Path(name)
        expected = reference(CASE, folder / "references").snapshot
        for engine, deploy_and_run in ENGINES.items():
            with doing(f"Deploying {CASE.flow} to {engine} and running it"), _failures():
                (folder / engine).mkdir()
                found = deploy_and_run(folder / engine)
            differ = differences(expected, found.run)
            good = good and not differ
            equality = "differs" if differ else "equal to run"
            CONSOLE.print(f"        {len(found.run.tasks)} tasks, {equality}; schedule {found.schedule}")
            for line in differ:
                CONSOLE.print(f"        {line}")
    return verdict(good, time.monotonic() - started)


def on_airflow_itself(folder: Path) -> Ran:
    """The flow on Airflow, whose DAG carries its schedule."""
    home = on_airflow.make_home(folder)
    with DagTester(home) as tester:
        found = on_airflow.run_on_airflow(CASE, home, tester)
    details = ["airflow", "dags", "details", CASE.flow, "--output=json"]
    [row] = json.loads(run(details, home.env, folder).splitlines()[-1])  # Airflow's warnings come before
    return Ran(found, row["timetable_summary"])


def on_argo_workflows(folder: Path) -> Ran:
    """The flow on a cluster with Argo Workflows, where a CronWorkflow starts it; it is deleted afterwards."""
    with running_cluster() as cluster:
        found = on_argo.run_on_argo(CASE, cluster, folder)
        name = on_argo.deployment_name(CASE)
        [schedule] = cluster.kubectl.get("cronworkflow", name)["spec"]["schedules"]
        with cluster.inside():
            delete = [sys.executable, str(FLOW), "argo-workflows", "delete"]
            run(delete, on_argo.environment(cluster), folder)
    return Ran(found, schedule)


def on_step_functions(folder: Path) -> Ran:
    """The flow on the Step Functions engine of this machine, where EventBridge Scheduler starts it."""
    with Engine(folder, container=on_sfn.CONTAINER) as engine:
        found = on_sfn.run_on_sfn(CASE, engine)
        schedule = engine.client("scheduler").get_schedule(Name=CASE.flow)["ScheduleExpression"]
    return Ran(found, schedule)


# The cluster first: of the three it alone may be missing.
ENGINES = {
    "Argo Workflows": on_argo_workflows,
    "Airflow": on_airflow_itself,
    "Step Functions": on_step_functions,
}


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except (CommandFailed, Missing, RuntimeError) as failure:
        raise DemoFailed(str(failure)) from None
