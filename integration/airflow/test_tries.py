"""Tries of a task on a real Airflow: time limits, delays, and tasks that are cleared, even seven times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
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

COUNTED = """
@step
def start(self):
    self.next(self.work)

@step
def work(self):
    self.attempt = current.retry_count
    self.next(self.end)

@step
def end(self):
    pass
"""

# The file `other-way` makes the switches choose otherwise.
TWO_WAYS = """
@step
def start(self):
    there = pathlib.Path(os.environ["METAFLOW_DATASTORE_SYSROOT_LOCAL"], "other-way").exists()
    self.way = "b" if there else "a"
    self.next({"a": self.a, "b": self.b}, condition="way")

@step
def a(self):
    self.next(self.a2)

@step
def a2(self):
    self.next(self.merge)

@step
def b(self):
    self.then = "other"
    self.next({"merge": self.merge, "other": self.other}, condition="then")

@step
def merge(self):
    self.next(self.end)

@step
def other(self):
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
    self.ran_at = current.retry_count
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
    assert "Step slow timed out after 0 hours, 0 minutes, 2 seconds" in engine.log(flow, run_id, "slow")
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


def test_a_task_may_be_cleared_until_its_attempts_are_used(engine: Engine) -> None:
    """With local metadata, and with the metadata service, which answers a repeated registration with 409.

    Metaflow has six attempts. What is refused then leaves the run as it was.
    """
    flows: dict[str, Mapping[str, str]] = {"CountedLocal": {}, "CountedService": engine.metadata}
    for flow, env in flows.items():
        engine.deploy(flow, COUNTED, env=env)
    runs = {flow: engine.start(flow) for flow in flows}
    for clear in range(8):
        for flow, run_id in runs.items():
            if clear:
                engine.client.clear(flow, run_id, ["work"], downstream=clear == 5)
        ended = [engine.finished(flow, run_id) for flow, run_id in runs.items()]
        assert {run.states()["work", -1] for run in ended} == {"success" if clear < 6 else "failed"}
    for flow, run_id in runs.items():
        task = "/".join([airflow_run_id(run_id, flow), "work", "t"])
        refusal = f"Task {task} was tried 6 times, as often as Metaflow allows"
        assert refusal in engine.log(flow, run_id, "work")
        env = {**flows[flow], "METAFLOW_SERVICE_HEADERS": engine.headers_json}
        left = engine.read(flow, run_id, env)
        assert left.successful
        tasks = {task.key.step: task for task in left.tasks}
        assert (tasks["work"].attempts, tasks["work"].ok) == ((0, 1, 2, 3, 4, 5), True)
        assert tasks["end"].attempts == (0, 1)
        assert {tasks[step].artifacts["attempt"] for step in ("work", "end")} == {canonical(5)}


def test_a_run_that_is_cleared_and_chooses_otherwise_forgets_its_first_way(engine: Engine) -> None:
    other_way = Path(engine.home.env["METAFLOW_DATASTORE_SYSROOT_LOCAL"], "other-way")
    other_way.unlink(missing_ok=True)
    flow = engine.deploy("TwoWays", TWO_WAYS)
    run_id = engine.start(flow)
    assert engine.finished(flow, run_id).states()["a2", -1] == "success"
    other_way.touch()
    engine.client.clear(flow, run_id, ["start"], downstream=True)
    run = engine.finished(flow, run_id)
    ran = {step for (step, _), state in run.states().items() if state == "success"}
    assert (run.state, ran) == ("success", {"start", "b", "other", "end"})


def has_reported(engine: Engine, run_id: str, tasks: int) -> bool:
    """Whether the scheduler has heard from its executor of so many tasks of runs of this id."""
    lines = (engine.home.folder / "processes" / "scheduler.log").read_text().splitlines()
    return sum("Received executor event" in line and run_id in line for line in lines) >= tasks


def test_a_run_deleted_and_started_again_under_its_id_runs_again(engine: Engine) -> None:
    flow = engine.deploy(
        "Again", COUNTED.replace("@step", 'text = Parameter("text", default="")\n\n@step', 1)
    )
    run_id = engine.start(flow)
    assert engine.finished(flow, run_id).state == "success"
    for reported, (text, state) in enumerate({"": "success", "other": "failed"}.items(), start=1):
        # Airflow would take what its executor says late of the deleted run for news of the new one.
        wait_until(partial(has_reported, engine, run_id, 3 * reported), 60, "the executor's reports")
        engine.client.delete_run(flow, run_id)
        engine.client.trigger(flow, {"text": text}, run_id=run_id)
        assert engine.finished(flow, run_id).state == state
    assert "began with other parameters" in engine.log(flow, run_id, "start")
    task = engine.task(flow, run_id, "work")
    assert (task.attempts, task.artifacts["attempt"]) == ((0, 1), canonical(1))


@pytest.mark.parametrize(
    "decorator",
    [
        pytest.param("", marks=pytest.mark.conformance),
        pytest.param("@retry(times=1)", marks=pytest.mark.conformance),
        '@catch(var="failure")',
    ],
)
def test_a_running_task_that_is_cleared_runs_again(engine: Engine, decorator: str) -> None:
    flow = engine.deploy(f"Waiting{len(decorator)}", WAITING.replace("DECORATORS", decorator))
    run_id = engine.start(flow)
    waits = Path(engine.home.env["METAFLOW_DATASTORE_SYSROOT_LOCAL"], f"{flow}-waits")
    wait_until(waits.exists, 60, "the step is at work")
    engine.client.clear(flow, run_id, ["work"])
    assert engine.finished(flow, run_id).state == "success"
    task = engine.task(flow, run_id, "work")
    assert (task.attempts, task.ok) == ((0, 1), True)
    assert task.artifacts["ran_at"] == canonical(1)
