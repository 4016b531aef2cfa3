from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metaflow_extensions.orchestrators.core.graph import Transition, build_graph
from metaflow_extensions.orchestrators.core.ids import TaskRef
from metaflow_extensions.orchestrators.core.walk import LostWay, parents_of
from tests.core.grammar import FLOWS, Flow, Run

SEEDS = st.integers(min_value=0, max_value=2**32)


@dataclass(frozen=True)
class Told:
    """Outcomes of a run, beside what an abandoned try left; only what the run did may be asked."""

    run: Run
    left: Run | None = None
    counts_loops: bool = False

    def chosen(self, task: TaskRef) -> str:
        self._check(task)
        return self._stored("choices")[task]

    def splits(self, task: TaskRef) -> int:
        self._check(task)
        return self._stored("widths")[task]

    def iterations(self, step: str, index: tuple[int, ...]) -> int | None:
        return self.run.turns[step, index] if self.counts_loops else None

    def _check(self, task: TaskRef) -> None:
        assert task in self.run.parents, f"{task} is not of this run"

    def _stored(self, name: str) -> dict[TaskRef, str] | dict[TaskRef, int]:
        left = getattr(self.left, name) if self.left else {}
        return {**left, **getattr(self.run, name)}


@settings(max_examples=300, deadline=None)
@given(FLOWS, SEEDS, st.booleans())
def test_parents_are_those_that_really_came_before(flow: Flow, seed: int, counts_loops: bool) -> None:
    run = Run.of(flow, seed)
    outcomes = Told(run, counts_loops=counts_loops)
    assert {task: parents_of(flow.graph, task, outcomes) for task in run.parents} == run.parents


@settings(max_examples=300, deadline=None)
@given(FLOWS, SEEDS, SEEDS, st.booleans())
def test_what_an_abandoned_try_left_is_not_taken(
    flow: Flow, seed: int, abandoned: int, counts_loops: bool
) -> None:
    run = Run.of(flow, seed)
    outcomes = Told(run, Run.of(flow, abandoned), counts_loops)
    assert {task: parents_of(flow.graph, task, outcomes) for task in run.parents} == run.parents


def test_every_task_is_at_an_index_path_as_long_as_its_scope() -> None:
    @settings(max_examples=100, deadline=None)
    @given(FLOWS, SEEDS)
    def check(flow: Flow, seed: int) -> None:
        graph = flow.graph
        assert all(len(graph[task.step].scope) == len(task.index) for task in Run.of(flow, seed).parents)

    check()
