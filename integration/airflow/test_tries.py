"""Tries of a task on a real Airflow: time limits, delays, and tasks that are cleared, even seven times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest

from integration.airflow.engine import Engine
from integration.airflow.processes import processes_of
from integration.conformance.canonical import canonical
from integration.harness.process import wait_until
from metaflow_extensions.orchestrators.core.ids import airflow_run_id

pytestmark = pytest.mark.airflow

TOO_SLOW = """
@step
def start(self):
    self.next(self.slow)

@timeout(seconds=2)
@step
def slow(self):
    subprocess.run([sys.executable, "-c", "import time; time.sleep(600)"])
    self.next(self.end)

@step
def end(self):
    pass
"""

DELAYED = """
@step
def start(self):
    self.next(self.flaky)

@retry(times=1, minutes_between_retries=1)
@step
def flaky(self):
    self.began = time.time()
    assert current.retry_count > 0
    self.next(self.end)

@step
def end(self):
    pass
"""

# A task that tells how often its code has run, and whether its attempt counts as done while it runs.
COUNTED = """
@step
def start(self):
    self.next(self.work)

@step
def work(self):
    root = os.environ["METAFLOW_DATASTORE_SYSROOT_LOCAL"] + "/.metaflow/"
    task = pathlib.Path(root, *current.pathspec.split("/"))
    runs = pathlib.Path(str(task) + "-runs")
    with runs.open("a") as file:
        file.write(".")
    self.runs = len(runs.read_text())
    self.attempt = current.retry_count
    self.marked = (task / f"{self.attempt}.DONE.lock").exists()
    self.next(self.end)

@step
def end(self):
    pass
"""

# Waits, at its first try, for its end.
WAITING = """
@step
def start(self):
    self.next(self.work)

DECORATORS
@step
def work(self):
    if current.retry_count == 0:
        pathlib.Path(os.environ["METAFLOW_DATASTORE_SYSROOT_LOCAL"], current.flow_name + "-waits").touch()
        time.sleep(600)
    self.next(self.end)

@step
def end(self):
    pass
"""


def test_a_time_limit_that_nobody_catches_fails_the_run(engine: Engine) -> None:
    flow = engine.deploy("TooSlow", TOO_SLOW)
    run_id = engine.start(flow)
    assert engine.finished(flow, run_id, seconds=60).state == "failed"
    task = engine.task(flow, run_id, "slow")
    assert (task.attempts, task.ok) == ((0,), False)
    assert "exceeded its alloted time" in engine.log(flow, run_id, "slow")
    assert not processes_of(airflow_run_id(run_id, flow))


@pytest.mark.conformance
def test_a_retry_waits_as_long_as_it_says(engine: Engine) -> None:
    flow = engine.deploy("Delayed", DELAYED)
    run_id = engine.start(flow)
    run = engine.finished(flow, run_id, seconds=180)
    assert run.state == "success"
    assert engine.task(flow, run_id, "flaky").attempts == (0, 1)
    tries = engine.client.call("GET", f"/dags/{flow}/dagRuns/{run_id}/taskInstances/flaky/tries")
    first, second = tries["task_instances"]
    waited = datetime.fromisoformat(second["start_date"]) - datetime.fromisoformat(first["end_date"])
    assert 60 <= waited.total_seconds() < 90


def test_a_task_is_cleared_seven_times(engine: Engine) -> None:
    """Metaflow has six attempts: then the last one is made again, not counting as done meanwhile.

    With local metadata, and with the metadata service, which answers a repeated registration with 409.
    """
    runs: dict[str, tuple[str, Mapping[str, str]]] = {}
    for flow, env in {"CountedLocal": {}, "CountedService": engine.metadata}.items():
        engine.deploy(flow, COUNTED, env=env)
        runs[flow] = engine.start(flow), {**env, "METAFLOW_SERVICE_HEADERS": engine.headers_json}
    for clear in range(8):
        for flow, (run_id, env) in runs.items():
            if clear:
                engine.client.clear(flow, run_id, ["work"], downstream=clear == 7)
            assert engine.finished(flow, run_id).state == "success"
        for flow, (run_id, env) in runs.items():
            if clear not in (0, 5, 6, 7):
                continue
            attempt = min(clear, 5)
            task = engine.task(flow, run_id, "work", env)
            assert (task.attempts, task.ok) == (tuple(range(attempt + 1)), True)
            expected = {"runs": clear + 1, "attempt": attempt, "marked": False}
            assert {name: task.artifacts[name] for name in expected} == {
                name: canonical(value) for name, value in expected.items()
            }
    for flow, (run_id, env) in runs.items():
        assert engine.task(flow, run_id, "end", env).artifacts["runs"] == canonical(8)
        log = engine.log(flow, run_id, "work")
        assert "All attempts of work/t are used: attempt 5 is made again" in log


@pytest.mark.parametrize(
    "decorators", ["", "@retry(times=1, minutes_between_retries=0)", '@catch(var="failure")']
)
def test_a_running_task_that_is_cleared_runs_again(
    engine: Engine, decorators: str, request: pytest.FixtureRequest
) -> None:
    flow = engine.deploy(f"Waiting{len(decorators)}", WAITING.replace("DECORATORS", decorators))
    run_id = engine.start(flow)
    waits = Path(engine.home.env["METAFLOW_DATASTORE_SYSROOT_LOCAL"], f"{flow}-waits")
    wait_until(waits.exists, 60, "the step is at work")
    engine.client.clear(flow, run_id, ["work"])
    run = engine.finished(flow, run_id)
    print(run.states(), [(t.task_id, t.try_number) for t in run.tasks])
    print(engine.client.call("GET", f"/dags/{flow}/dagRuns/{run_id}/taskInstances/work"))
    print(engine.read(flow, run_id).to_json())
    for n in (1, 2):
        print(n, engine.log(flow, run_id, "work", n))
    assert run.state == "success"
    assert engine.task(flow, run_id, "work").attempts == (0, 1)
