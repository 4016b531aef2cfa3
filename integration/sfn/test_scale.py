"""Wide, long and many: bodies are stubbed, what is around them runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from integration.conformance.canonical import canonical
from integration.harness.sfn.engine import Engine
from integration.harness.skips import skipped_if_missing
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
    self.left_as = [self.count, self.case]
"""
LONGEST_DEFINITION = 1024 * 1024


@pytest.fixture(scope="module")
def wide_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine of its own: to list thousands of jobs takes others long."""
    with skipped_if_missing(), Engine(tmp_path_factory.mktemp("wide")) as engine:
        yield engine


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


def test_a_foreach_of_30(engine: Engine, tmp_path: Path) -> None:
    check_wide(Flow(engine, tmp_path, "Wide"), 30, seconds=120)


@pytest.mark.conformance
@pytest.mark.parametrize("n", [5000, 20_000])
def test_a_wider_foreach(wide_engine: Engine, tmp_path: Path, n: int) -> None:
    # Metaflow itself asks for eighteen objects of every input of a join.
    check_wide(Flow(wide_engine, tmp_path, f"Wide{n}"), n, seconds=n * 0.3)


def test_a_loop_of_250_iterations(engine: Engine, tmp_path: Path) -> None:
    flow = Flow(engine, tmp_path, "Rounds").write(LOOP)
    flow.create()
    with stubbed(engine, f"{flow.name}-work-*", "turn"):
        run = flow.succeeded(flow.start(), seconds=300)
    assert task(run, "end").artifacts["left_as"] == canonical([ITERATIONS, "done"])
    later = [f"Rounds-work-t-i{n}" for n in range(1, ITERATIONS)]
    assert [job["jobName"] for job in flow.jobs("work")] == ["Rounds-work-t", *later]


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
