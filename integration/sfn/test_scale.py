"""Wide, long and many: bodies are stubbed, what is around them runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from integration.conformance.canonical import canonical
from integration.harness.sfn.engine import Engine
from integration.sfn.flow import Flow, task
from integration.sfn.stubs import ITERATIONS

pytestmark = pytest.mark.sfn

WIDE = """
n = Parameter("n", type=int, required=True)

@step
def start(self):
    self.numbers = list(range(self.n))
    self.next(self.body, foreach="numbers")

@step
def body(self):
    self.number = self.input
    self.next(self.join)

@step
def join(self, inputs):
    self.seen = [i.number for i in inputs]
    self.in_order = self.seen == list(range(self.n))
    self.next(self.end)

@step
def end(self):
    self.count = len(self.seen)
"""
LOOP = """
@step
def start(self):
    self.count = 0
    self.next(self.work)

@step
def work(self):
    self.count += 1
    self.case = "again" if self.count < 250 else "done"
    self.next({"again": self.work, "done": self.end}, condition="case")

@step
def end(self):
    self.total = self.count
"""
LONGEST_DEFINITION = 1024 * 1024


@contextmanager
def stubbed(engine: Engine, pattern: str, function: str) -> Iterator[None]:
    engine.stub(pattern, f"integration.sfn.stubs:{function}")
    try:
        yield
    finally:
        engine.unstub(pattern)


def check_wide(flow: Flow, n: int, seconds: float) -> None:
    flow.write(WIDE).create()
    with stubbed(flow.engine, f"{flow.name}-body-*", "item"):
        run = flow.succeeded(flow.start(n=n), seconds)
    assert task(run, "join").artifacts["in_order"] == canonical(True)
    assert task(run, "end").artifacts["count"] == canonical(n)


def test_a_foreach_of_5000(engine: Engine, tmp_path: Path) -> None:
    check_wide(Flow(engine, tmp_path, "Wide"), 5000, seconds=600)


@pytest.mark.conformance
def test_a_foreach_of_20000(engine: Engine, tmp_path: Path) -> None:
    check_wide(Flow(engine, tmp_path, "Wider"), 20_000, seconds=1800)


def test_a_loop_of_250_iterations(engine: Engine, tmp_path: Path) -> None:
    flow = Flow(engine, tmp_path, "Rounds").write(LOOP)
    flow.create()
    with stubbed(engine, f"{flow.name}-work-*", "turn"):
        run = flow.succeeded(flow.start(), seconds=300)
    end = task(run, "end")
    assert end.artifacts["total"] == canonical(ITERATIONS)
    turns = [each for each in run.tasks if each.key.step == "work"]
    assert [each.key.iteration for each in turns] == list(range(ITERATIONS))
    assert [each.artifacts["_transition"] for each in turns[-2:]] == [
        canonical((["work"], None)),
        canonical((["end"], None)),
    ]


@pytest.mark.conformance
def test_900_steps(engine: Engine, tmp_path: Path) -> None:
    names = ["start", *(f"step_{n}" for n in range(898)), "end"]
    calls = [f"self.next(self.{name})" for name in names[1:]] + ["pass"]
    steps = [f"@step\ndef {name}(self):\n    {call}\n" for name, call in zip(names, calls, strict=True)]
    flow = Flow(engine, tmp_path, "Long").write("\n".join(steps))
    flow.create()
    assert len(flow.definition().encode()) < LONGEST_DEFINITION
    assert flow.command("diff").strip() == "Nothing would change."
    with stubbed(engine, f"{flow.name}-*", "nothing"):
        assert flow.ended(flow.start(), seconds=600)["status"] == "SUCCEEDED"
    assert [job["jobName"] for job in flow.jobs()] == [f"{flow.name}-{name}-t" for name in names]
