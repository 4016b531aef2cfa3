from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metaflow_extensions.orchestrators.core.graph import (
    FOREACH,
    JOIN,
    LINEAR,
    SWITCH,
    Transition,
    build_graph,
)
from metaflow_extensions.orchestrators.core.ids import TaskRef
from metaflow_extensions.orchestrators.core.walk import LostWay, parents_of
from tests.core.grammar import FLOWS, Flow, Run

SEEDS = st.integers(min_value=0, max_value=2**32)


@dataclass(frozen=True)
class Told:
    """Outcomes of a run among what an abandoned try left; only what the run itself did may be asked."""

    run: Run
    left: Run
    counts_loops: bool

    def chosen(self, task: TaskRef) -> str:
        self._check(task)
        return {**self.left.choices, **self.run.choices}[task]

    def splits(self, task: TaskRef) -> int:
        self._check(task)
        return {**self.left.widths, **self.run.widths}[task]

    def iterations(self, step: str, index: tuple[int, ...]) -> int | None:
        return self.run.turns[step, index] if self.counts_loops else None

    def _check(self, task: TaskRef) -> None:
        assert task in self.run.parents, f"{task} is not of this run"


@settings(max_examples=200, deadline=None)
@given(FLOWS, SEEDS, SEEDS, st.booleans())
def test_parents_are_those_that_really_came_before_whatever_an_abandoned_try_left(
    flow: Flow, seed: int, abandoned: int, counts_loops: bool
) -> None:
    graph, run = flow.graph, Run.of(flow, seed)
    outcomes = Told(run, Run.of(flow, abandoned), counts_loops)
    assert {task: parents_of(graph, task, outcomes) for task in run.parents} == run.parents


@dataclass
class Written:
    """Outcomes written down by hand; `asked` are the switches that were looked at."""

    choices: dict[TaskRef, str] = field(default_factory=dict)
    widths: dict[TaskRef, int] = field(default_factory=dict)
    turns: dict[tuple[str, tuple[int, ...]], int] = field(default_factory=dict)
    asked: list[TaskRef] = field(default_factory=list)

    def chosen(self, task: TaskRef) -> str:
        self.asked.append(task)
        return self.choices[task]

    def splits(self, task: TaskRef) -> int:
        return self.widths[task]

    def iterations(self, step: str, index: tuple[int, ...]) -> int | None:
        return self.turns.get((step, index))


LOOP = build_graph(
    [
        Transition("start", LINEAR, ("loop",)),
        Transition("loop", SWITCH, ("loop", "done")),
        Transition("done", LINEAR, ()),
    ],
    "start",
)


def test_iterations_left_by_a_longer_try_are_not_taken() -> None:
    # The abandoned try made five turns, this one left in the second.
    left = {TaskRef("loop", (), turn): "loop" for turn in range(4)} | {TaskRef("loop", (), 4): "done"}
    outcomes = Written({**left, TaskRef("loop", (), 1): "done"})
    assert parents_of(LOOP, TaskRef("done"), outcomes) == (TaskRef("loop", (), 1),)
    assert parents_of(LOOP, TaskRef("loop", (), 1), outcomes) == (TaskRef("loop"),)
    assert parents_of(LOOP, TaskRef("loop"), outcomes) == (TaskRef("start"),)


def test_a_known_number_of_turns_saves_asking_each() -> None:
    outcomes = Written(turns={("loop", ()): 250})
    assert parents_of(LOOP, TaskRef("done"), outcomes) == (TaskRef("loop", (), 249),)
    assert outcomes.asked == []


CHOICES = build_graph(
    [
        Transition("start", SWITCH, ("left", "right")),
        Transition("left", SWITCH, ("a", "b")),
        Transition("right", LINEAR, ("merge",)),
        Transition("a", LINEAR, ("merge",)),
        Transition("b", LINEAR, ("end",)),
        Transition("merge", LINEAR, ("end",)),
        Transition("end", LINEAR, ()),
    ],
    "start",
)


def test_the_way_is_followed_through_the_choices_made() -> None:
    # The abandoned try went left and on to b: its choice at `left` is still there.
    outcomes = Written({TaskRef("start"): "right", TaskRef("left"): "b"})
    assert parents_of(CHOICES, TaskRef("merge"), outcomes) == (TaskRef("right"),)
    assert parents_of(CHOICES, TaskRef("end"), outcomes) == (TaskRef("merge"),)
    assert TaskRef("left") not in outcomes.asked


def test_a_step_that_was_not_chosen_has_no_parents() -> None:
    outcomes = Written({TaskRef("start"): "left", TaskRef("left"): "b"})
    with pytest.raises(LostWay, match=r"Step merge was not chosen at index \[\]: the way led to end"):
        parents_of(CHOICES, TaskRef("merge"), outcomes)


def test_a_join_takes_as_many_children_as_there_were_this_time() -> None:
    graph = build_graph(
        [
            Transition("start", FOREACH, ("inner",)),
            Transition("inner", FOREACH, ("work",)),
            Transition("work", LINEAR, ("inner_join",)),
            Transition("inner_join", JOIN, ("join",)),
            Transition("join", JOIN, ()),
        ],
        "start",
    )
    outcomes = Written(widths={TaskRef("start"): 2, TaskRef("inner", (0,)): 3, TaskRef("inner", (1,)): 11})
    works = parents_of(graph, TaskRef("inner_join", (1,)), outcomes)
    assert works == tuple(TaskRef("work", (1, i)) for i in range(11))
    assert parents_of(graph, TaskRef("join"), outcomes) == (
        TaskRef("inner_join", (0,)),
        TaskRef("inner_join", (1,)),
    )


def test_a_join_of_a_gang_continues_from_its_control_task() -> None:
    graph = build_graph(
        [
            Transition("start", FOREACH, ("gang",), gang=True),
            Transition("gang", LINEAR, ("join",)),
            Transition("join", JOIN, ()),
        ],
        "start",
    )
    assert parents_of(graph, TaskRef("join"), Written()) == (TaskRef("gang"),)
