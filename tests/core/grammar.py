"""Random graphs with what is true of them by construction, and runs of them that know who preceded whom."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from hypothesis import strategies as st

from metaflow_extensions.orchestrators.core.graph import (
    FOREACH,
    JOIN,
    LINEAR,
    SPLIT,
    SWITCH,
    Graph,
    Transition,
    build_graph,
)
from metaflow_extensions.orchestrators.core.ids import PARAMETERS_STEP, TaskRef


@dataclass(frozen=True)
class Element:
    """A part of a flow: `step`, `split`, `foreach`, `switch`, `loop` or `gang`; `parts` are its branches."""

    kind: str
    parts: tuple[tuple[Element, ...], ...] = ()


@dataclass(frozen=True)
class Flow:
    """A flow's transitions, and the join of each split as it was written."""

    transitions: tuple[Transition, ...]
    joins: dict[str, str]

    @property
    def graph(self) -> Graph:
        return build_graph(self.transitions, "start")


def _elements(inner: st.SearchStrategy[Element]) -> st.SearchStrategy[Element]:
    body = st.lists(inner, min_size=1, max_size=3).map(tuple)
    # A case of a switch may be empty: then it leads straight to what follows, a join too.
    case = st.lists(inner, max_size=2).map(tuple)
    return st.one_of(
        st.lists(body, min_size=2, max_size=3).map(lambda parts: Element("split", tuple(parts))),
        body.map(lambda part: Element("foreach", (part,))),
        st.lists(case, min_size=2, max_size=3).map(lambda parts: Element("switch", tuple(parts))),
    )


LEAVES = st.sampled_from([Element("step"), Element("loop"), Element("gang")])
FLOWS: st.SearchStrategy[Flow] = st.lists(
    st.recursive(LEAVES, _elements, max_leaves=8), min_size=1, max_size=4
).map(lambda elements: _Writer().flow(tuple(elements)))


@dataclass
class _Writer:
    """Writes elements from the last to the first, so that each step knows what it leads to."""

    transitions: list[Transition] = field(default_factory=list)
    joins: dict[str, str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def flow(self, elements: tuple[Element, ...]) -> Flow:
        self._add("end", LINEAR, ())
        self._add("start", LINEAR, (self._sequence(elements, "end"),))
        return Flow(tuple(self.transitions), self.joins)

    def _sequence(self, elements: tuple[Element, ...], after: str) -> str:
        for element in reversed(elements):
            after = self._element(element, after)
        return after

    def _element(self, element: Element, after: str) -> str:
        name = self._name(element.kind)
        if element.kind == "step":
            return self._add(name, LINEAR, (after,))
        if element.kind == "loop":
            aside = self._add(self._name("aside"), LINEAR, (after,))
            return self._add(name, SWITCH, (name, after, aside))
        if element.kind == "switch":
            heads = dict.fromkeys(self._sequence(part, after) for part in element.parts)
            return self._add(name, SWITCH, tuple(heads))
        join = self._add(self._name("join"), JOIN, (after,))
        self.joins[name] = join
        if element.kind == "gang":
            worker = self._add(self._name("worker"), LINEAR, (join,))
            return self._add(name, FOREACH, (worker,), gang=True)
        heads_in_order = tuple(self._sequence(part, join) for part in element.parts)
        return self._add(name, SPLIT if element.kind == "split" else FOREACH, heads_in_order)

    def _name(self, kind: str) -> str:
        return f"{kind}_{next(self.numbers)}"

    def _add(self, name: str, kind: str, children: tuple[str, ...], gang: bool = False) -> str:
        self.transitions.append(Transition(name, kind, children, gang))
        return name


@dataclass
class Run:
    """What one run of a flow did: it goes forward, step by step, and notes whom each task continued from."""

    flow: Flow
    rng: random.Random
    parents: dict[TaskRef, tuple[TaskRef, ...]] = field(default_factory=dict)
    choices: dict[TaskRef, str] = field(default_factory=dict)
    widths: dict[TaskRef, int] = field(default_factory=dict)
    turns: dict[tuple[str, tuple[int, ...]], int] = field(default_factory=dict)

    @classmethod
    def of(cls, flow: Flow, seed: int) -> Run:
        run = cls(flow, random.Random(seed))
        run._follow("start", (), (TaskRef(PARAMETERS_STEP),), until=None)
        return run

    def _follow(
        self, step: str, index: tuple[int, ...], before: tuple[TaskRef, ...], until: str | None
    ) -> TaskRef:
        """Do `step` and what follows; returns the task that leads to `until`, or the last one."""
        steps = {transition.step: transition for transition in self.flow.transitions}
        while True:
            task = TaskRef(step, index)
            self.parents[task] = before
            done = self._do(steps[step], task)
            if done.next in (until, None):
                return done.last[0]
            assert done.next is not None
            step, before = done.next, done.last

    def _do(self, transition: Transition, task: TaskRef) -> _Done:
        if transition.kind == SWITCH:
            return self._choose(transition, task)
        if transition.kind == SPLIT:
            join = self.flow.joins[task.step]
            heads = [(child, task.index) for child in transition.children]
        elif transition.kind == FOREACH:
            join = self.flow.joins[task.step]
            self.widths[task] = width = self.rng.randint(1, 3)
            members = [task.index] if transition.gang else [(*task.index, i) for i in range(width)]
            heads = [(transition.children[0], index) for index in members]
        else:
            return _Done((task,), next(iter(transition.children), None))
        return _Done(tuple(self._follow(step, index, (task,), join) for step, index in heads), join)

    def _choose(self, transition: Transition, task: TaskRef) -> _Done:
        while True:
            self.choices[task] = choice = self.rng.choice(transition.children)
            if choice != task.step:
                break
            following = TaskRef(task.step, task.index, task.iteration + 1)
            self.parents[following], task = (task,), following
        if task.step in transition.children:
            self.turns[task.step, task.index] = task.iteration + 1
        return _Done((task,), choice)


@dataclass(frozen=True)
class _Done:
    last: tuple[TaskRef, ...]
    next: str | None
