"""`@retry`, `@catch` and `@timeout`, and hosts that are lost, which cost no retry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from integration.conformance.canonical import canonical
from integration.harness.process import wait_until
from integration.harness.script import said_by
from integration.harness.sfn.engine import Engine
from integration.sfn.flow import Flow, run_id, task

pytestmark = pytest.mark.sfn

# The shortest limit that @batch takes is a minute.
QUICK_ALARM = """
import signal

if "AWS_BATCH_JOB_ID" in os.environ:
    set_alarm = signal.alarm
    signal.alarm = lambda seconds: set_alarm(min(seconds, 1))
"""
SLOW = """
@catch(var="failure", print_exception=False)
@timeout(seconds=60)
@retry(times=1, minutes_between_retries=0)
@step
def start(self):
    print("attempt", current.retry_count)
    time.sleep(600)
    self.next(self.end)

@step
def end(self):
    self.kind = self.failure.type
"""
ONCE = """
@retry(times=1, minutes_between_retries={minutes})
@step
def only(self):
    if current.retry_count == 0:
        raise ValueError("the first attempt fails")
    self.attempt = current.retry_count
"""
LOST = """
@retry(times=1, minutes_between_retries=0)
@step
def only(self):
    if current.retry_count == 0:
        time.sleep(600)
    if current.retry_count == 1:
        raise ValueError("the second attempt fails")
    self.attempt = current.retry_count
"""
ALWAYS_LOST = """
@retry(times=1, minutes_between_retries=0)
@step
def only(self):
    time.sleep(600)
"""


def test_timeout_then_retry_then_catch(engine: Engine, tmp_path: Path) -> None:
    flow = Flow(engine, tmp_path, "Slow").write(SLOW, before=QUICK_ALARM)
    flow.create()
    run = flow.succeeded(flow.start())
    assert task(run, "start").attempts == (0, 1)
    assert "TimeoutException" in str(task(run, "end").artifacts["kind"])


@pytest.mark.parametrize(
    ("minutes", "least", "most"),
    [pytest.param(0, 0, 20, marks=pytest.mark.conformance), (1, 60, 90)],
)
def test_minutes_between_retries(
    engine: Engine, tmp_path: Path, minutes: int, least: float, most: float
) -> None:
    flow = Flow(engine, tmp_path, f"Once{minutes}").write(ONCE.format(minutes=minutes))
    flow.create()
    execution = flow.start()
    run = flow.succeeded(execution, seconds=200)
    assert task(run, "only").attempts == (0, 1)
    assert task(run, "only").artifacts["attempt"] == canonical(1)
    assert least <= pause(flow, execution) < most


def pause(flow: Flow, execution: str) -> float:
    """Seconds from the failure of a job to the submission of the next."""
    times: dict[str, Any] = {}
    for event in flow.events(execution):
        if event["type"] == "TaskFailed":
            times["failed"] = event["timestamp"]
        elif event["type"] == "TaskSubmitted":
            times["submitted"] = event["timestamp"]
    seconds: float = (times["submitted"] - times["failed"]).total_seconds()
    return seconds


def lose_host(flow: Flow, execution: str, attempt: int) -> None:
    """Take the host away under an attempt that is at work."""
    key = flow.key(execution, "only", "t", f"{attempt}.attempt.json")
    wait_until(lambda: flow.exists(key), 60, f"attempt {attempt} is at work")
    [job] = [job for job in flow.jobs() if job["status"] == "RUNNING"]
    flow.engine.lose_host(job["jobId"])


def test_a_lost_host_costs_no_retry(engine: Engine, tmp_path: Path) -> None:
    flow = Flow(engine, tmp_path, "Lost").write(LOST)
    flow.create()
    execution = flow.start()
    lose_host(flow, execution, 0)
    run = flow.succeeded(execution)
    # The first may have been lost before Metaflow registered it: the datastore knows better than the client.
    marks = [flow.key(execution, "only", "t", f"{attempt}.attempt.json") for attempt in range(4)]
    assert [flow.exists(mark) for mark in marks] == [True, True, True, False]
    assert task(run, "only").artifacts["attempt"] == canonical(2)
    assert [len(job["attempts"]) for job in flow.jobs()] == [2, 1]


@pytest.mark.conformance
def test_six_lost_hosts(engine: Engine, tmp_path: Path) -> None:
    flow = Flow(engine, tmp_path, "AlwaysLost").write(ALWAYS_LOST)
    flow.create()
    execution = flow.start()
    for attempt in range(6):
        lose_host(flow, execution, attempt)
    assert flow.ended(execution)["status"] == "FAILED"
    log = said_by(
        f"""
        from sfn import StepFunctions
        run = StepFunctions.from_deployment("AlwaysLost").run("{run_id(execution)}")
        said = run.failure().log
        """,
        tmp_path,
        flow.env,
    )
    [line] = [line for line in log if line.startswith("Task ") and "6 times" in line]
    assert f"{run_id(execution)}/only/t was tried 6 times, as often as Metaflow allows" in line
