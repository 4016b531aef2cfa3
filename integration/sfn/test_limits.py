"""`--max-workers`, `--workflow-timeout`, and the end of a run by hand."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from integration.harness.overlap import most_at_once
from integration.harness.process import wait_until
from integration.harness.sfn.batch.stubs import StubbedJob
from integration.harness.sfn.engine import Engine
from integration.sfn.flow import Flow, run_id
from integration.sfn.stubs import item

pytestmark = pytest.mark.sfn

FOREACH = """
@step
def start(self):
    self.numbers = list(range(6))
    self.next(self.body, foreach="numbers")

@step
def body(self):
    time.sleep(600)
    self.next(self.join)

@step
def join(self, inputs):
    self.numbers = [i.number for i in inputs]
    self.next(self.end)

@step
def end(self):
    pass
"""
SLEEP = """
@step
def start(self):
    time.sleep(600)
    self.next(self.end)

@step
def end(self):
    pass
"""
PAIRS = threading.Barrier(2, timeout=60)


def in_pairs(job: StubbedJob) -> int:
    """Ends when another is at work too."""
    PAIRS.wait()
    return item(job)


@pytest.mark.parametrize("distributed", ["--use-distributed-map", "--no-use-distributed-map"])
def test_max_workers(engine: Engine, tmp_path: Path, distributed: str) -> None:
    flow = Flow(engine, tmp_path, "Six").write(FOREACH)
    flow.create("--max-workers=2", distributed)
    before = len(flow.jobs("body"))
    engine.stub("Six-body-*", f"{__name__}:in_pairs")
    flow.succeeded(flow.start())
    engine.unstub("Six-body-*")
    jobs = flow.jobs("body")[before:]
    assert len(jobs) == 6
    assert most_at_once((job["createdAt"], job["stoppedAt"]) for job in jobs) == 2


def test_workflow_timeout(engine: Engine, tmp_path: Path) -> None:
    flow = Flow(engine, tmp_path, "Late").write(SLEEP)
    flow.create("--workflow-timeout=2")
    execution = flow.start()
    assert flow.ended(execution)["status"] == "TIMED_OUT"
    assert flow.command("status", run_id(execution)).split() == ["TIMED_OUT"]
    wait_until(lambda: statuses(flow) == {"FAILED"}, 60, "the job has ended", poll=0.5)


def test_terminate_ends_the_jobs_of_a_distributed_map(engine: Engine, tmp_path: Path) -> None:
    flow = Flow(engine, tmp_path, "Endless").write(FOREACH)
    flow.create()
    execution = flow.start()
    wait_until(lambda: running(flow) == 2, 120, "two jobs are at work", poll=0.5)
    assert len(flow.jobs("body")) == 6
    flow.command("terminate", run_id(execution))
    assert flow.ended(execution)["status"] == "ABORTED"
    wait_until(lambda: statuses(flow, "body") == {"FAILED"}, 60, "all jobs have ended", poll=0.5)
    assert len(flow.jobs("body")) == 6


def running(flow: Flow) -> int:
    return sum(job["status"] == "RUNNING" for job in flow.jobs("body"))


def statuses(flow: Flow, step: str = "") -> set[str]:
    return {job["status"] for job in flow.jobs(step)}
