"""Random flows over the whole grammar of Metaflow's graphs, each from a seed.

A flow is grown as a tree of elements (step, split, foreach, switch, loop, gang) within a number of steps and
tasks, then written from its last element to its first, since what follows decides what is allowed: a switch
or a loop may not lead straight to a join, nor a loop straight to a loop, and a loop cannot come first.

Every task extends a trace by its step, indices and input; a join's trace holds those of its inputs.
Cardinalities, cases and numbers of turns are drawn from the trace, so that an error in the flow of data also
changes what runs. Inputs are sorted where `run` has no defined order: two runs of a flow are equal, order
included.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from integration.conformance.corpus import Case

PREAMBLE = '''\
"""{doc}"""

import zlib

from metaflow import FlowSpec, Parameter, catch, current, parallel, retry, step


def visit(flow, before):
    """Sets the trace: what came before, and this task."""
    indices = [frame[0] for frame in flow.foreach_stack() or []]
    flow.trace = [*before, f"{{current.step_name}} {{indices}} {{flow.input}}"]


def draw(flow, what, n):
    """A number below n that depends on the task and all that led to it."""
    return zlib.crc32(f"{{what}} {{flow.salt}} {{flow.trace}}".encode()) % n


class {name}(FlowSpec):
    salt = Parameter("salt", default={salt})
'''


def flow_name(seed: int) -> str:
    """The name of the flow that `source(seed)` defines."""
    return f"RandomFlow{seed}"


def source(seed: int, *, max_steps: int = 14, max_tasks: int = 25) -> str:
    """The text of a flow's file; the same seed and bounds give the same text.

    Args:
        seed: Any number >= 0.
        max_steps: The flow has at most about this many steps.
        max_tasks: A run has at most about this many tasks, retries not counted.
    """
    rng = random.Random(seed)
    elements = _Grower(rng).flow(max_steps - 2, max_tasks - 2)
    writer = _Writer(rng)
    first, last = writer.flow(elements)
    names = {first: "start", last: "end"} if rng.random() < 0.7 else {}
    steps = [
        replace(step, opens=step.name == first and not names, closes=step.name == last and not names)
        for step in writer.steps
    ]
    parents = _parents(steps)
    texts = [_text(step, parents.get(step.name, set()), names) for step in reversed(steps)]
    name = flow_name(seed)
    head = PREAMBLE.format(doc=f"Random flow of seed {seed}.", name=name, salt=rng.randrange(1000))
    return head + "\n" + "\n".join(texts) + f'\n\nif __name__ == "__main__":\n    {name}()\n'


# --- growing -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Element:
    """A part of the flow.

    `step`: one step. `split`, `switch`: `parts` are the branches, the cases (a case may be empty).
    `foreach`: `parts` holds the body, `count` is the largest cardinality. `loop`: `count` is the largest
    number of turns. `gang`: `count` nodes.
    """

    kind: str
    steps: int
    tasks: int
    parts: tuple[tuple[_Element, ...], ...] = ()
    count: int = 1


# Kind of element, how often, and the fewest steps and tasks that it takes.
KINDS = [
    ("step", 5, 1, 1),
    ("split", 3, 4, 4),
    ("foreach", 5, 3, 5),
    ("switch", 5, 3, 2),
    ("loop", 3, 3, 4),
    ("gang", 1, 3, 4),
]


class _Grower:
    """Grows elements within a number of steps and tasks."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def flow(self, steps: int, tasks: int) -> tuple[_Element, ...]:
        elements: tuple[_Element, ...] = ()
        while _steps((elements,)) < steps // 2:
            elements += self._sequence(steps - _steps((elements,)), tasks - _tasks(elements))
        # A loop cannot be the first step.
        return (_Element("step", 1, 1), *elements) if elements[0].kind == "loop" else elements

    def _sequence(self, steps: int, tasks: int) -> tuple[_Element, ...]:
        """One or two elements."""
        first = self._element(steps, tasks)
        steps, tasks = steps - first.steps, tasks - first.tasks
        if steps < 1 or tasks < 1 or self._rng.random() < 0.5:
            return (first,)
        return first, self._element(steps, tasks)

    def _element(self, steps: int, tasks: int) -> _Element:
        """An element that fits; a single step if nothing does."""
        fitting = [(kind, weight) for kind, weight, least, few in KINDS if least <= steps and few <= tasks]
        fitting = fitting or [("step", 1)]
        kinds, weights = zip(*fitting, strict=True)
        (kind,) = self._rng.choices(kinds, weights)
        growers: dict[str, Callable[[int, int], _Element]] = {
            "step": self._step,
            "split": self._split,
            "foreach": self._foreach,
            "switch": self._switch,
            "loop": self._loop,
            "gang": self._gang,
        }
        return growers[kind](steps, tasks)

    def _step(self, steps: int, tasks: int) -> _Element:
        return _Element("step", 1, 1)

    def _split(self, steps: int, tasks: int) -> _Element:
        width = self._rng.randint(2, min(3, steps - 2, tasks - 2))
        parts = tuple(self._sequence((steps - 2) // width, (tasks - 2) // width) for _ in range(width))
        return _Element("split", 2 + _steps(parts), 2 + sum(map(_tasks, parts)), parts)

    def _foreach(self, steps: int, tasks: int) -> _Element:
        count = self._rng.randint(1, 3)
        body = self._sequence(steps - 2, (tasks - 2) // count)
        return _Element("foreach", 2 + _steps((body,)), 2 + count * _tasks(body), (body,), count)

    def _switch(self, steps: int, tasks: int) -> _Element:
        width = self._rng.randint(2, min(3, steps - 1))
        cases = [self._sequence((steps - 1) // width, tasks - 1) for _ in range(width)]
        if self._rng.random() < 0.3:
            cases[-1] = ()
        return _Element("switch", 1 + _steps(tuple(cases)), 1 + max(map(_tasks, cases)), tuple(cases))

    def _loop(self, steps: int, tasks: int) -> _Element:
        count = self._rng.randint(2, min(4, tasks - 1))
        # One step more, as what follows may be a join or a loop; two exits take a second one.
        return _Element("loop", 3, count + 1, count=count)

    def _gang(self, steps: int, tasks: int) -> _Element:
        return _Element("gang", 3, 4, count=2)


def _steps(parts: tuple[tuple[_Element, ...], ...]) -> int:
    return sum(element.steps for part in parts for element in part)


def _tasks(part: tuple[_Element, ...]) -> int:
    return sum(element.tasks for element in part)


# --- writing -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Step:
    """A step as it is written; `kind` is what matters to whoever leads to it: `join`, `loop` or `plain`."""

    name: str
    kind: str
    children: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    how: str = ""
    cases: tuple[str, ...] = ()
    over_split: bool = False
    decorators: tuple[str, ...] = ()
    opens: bool = False
    closes: bool = False


@dataclass
class _Writer:
    """Writes elements from the last to the first, so that each step knows what it leads to."""

    rng: random.Random
    steps: list[_Step] = field(default_factory=list)

    def flow(self, elements: tuple[_Element, ...]) -> tuple[str, str]:
        """Writes the whole flow; returns the names of its first and its last step."""
        last = self._add(_Step(self._name("last"), "plain"))
        return self._sequence(elements, last).name, last.name

    def _sequence(self, elements: tuple[_Element, ...], after: _Step) -> _Step:
        """Writes the elements before `after`; returns the step that comes first."""
        writers: dict[str, Callable[[_Element, _Step], _Step]] = {
            "step": self._step,
            "split": self._split,
            "foreach": self._foreach,
            "switch": self._switch,
            "loop": self._loop,
            "gang": self._gang,
        }
        for element in reversed(elements):
            after = writers[element.kind](element, after)
        return after

    def _step(self, element: _Element, after: _Step) -> _Step:
        name = self._name("step")
        decorators, lines = self._failures(name, catch=True)
        return self._add(_Step(name, "plain", (after.name,), lines, decorators=decorators))

    def _split(self, element: _Element, after: _Step) -> _Step:
        join = self._join(after, over_split=True)
        branches = tuple(self._sequence(part, join).name for part in element.parts)
        return self._fallible(self._name("split"), branches)

    def _foreach(self, element: _Element, after: _Step) -> _Step:
        join = self._join(after)
        body = self._sequence(element.parts[0], join)
        name = self._name("foreach")
        lines = (
            f'width = 1 + draw(self, "width", {element.count})',
            f'self.{name}_items = [f"{name}.{{i}}" for i in range(width)]',
        )
        return self._fallible(name, (body.name,), *lines, how=f'foreach="{name}_items"')

    def _switch(self, element: _Element, after: _Step) -> _Step:
        if after.kind == "join" and () in element.parts:
            # Only a step of its own may lead from a switch to a join.
            after = self._step(element, after)
        targets = [self._sequence(part, after).name for part in element.parts]
        if self.rng.random() < 0.2:
            targets.append(self.rng.choice(targets))
        name = self._name("switch")
        cases = tuple(f"case{i}" for i in range(len(targets)))
        choice = f'self.{name}_case = "case" + str(draw(self, "case", {len(cases)}))'
        return self._fallible(name, tuple(targets), choice, how=f'condition="{name}_case"', cases=cases)

    def _loop(self, element: _Element, after: _Step) -> _Step:
        exits = [after.name]
        if after.kind != "plain" or self.rng.random() < 0.3:
            after = self._step(element, after)
            exits = [after.name]
            if self.rng.random() < 0.5:
                exits.append(self._aside(after).name)
        name = self._name("loop")
        cases = ("again", *(f"out{i}" for i in range(len(exits))))
        lines = (
            f'self.{name}_turns = getattr(self, "{name}_turns", 0) + 1',
            f"if self.{name}_turns == 1:",
            f'    self.{name}_last = 1 + draw(self, "turns", {element.count})',
            f'    self.{name}_exit = "out" + str(draw(self, "exit", {len(exits)}))',
            f'self.{name}_case = "again" if self.{name}_turns < self.{name}_last else self.{name}_exit',
        )
        return self._fallible(
            name, (name, *exits), *lines, how=f'condition="{name}_case"', cases=cases, kind="loop"
        )

    def _gang(self, element: _Element, after: _Step) -> _Step:
        join = self._join(after)
        line = "self.node = (current.parallel.node_index, current.parallel.num_nodes)"
        gang = self._add(_Step(self._name("gang"), "plain", (join.name,), (line,), decorators=("@parallel",)))
        return self._fallible(self._name("launch"), (gang.name,), how=f"num_parallel={element.count}")

    def _join(self, after: _Step, over_split: bool = False) -> _Step:
        name = self._name("join")
        decorators, lines = self._failures(name)
        join = _Step(name, "join", (after.name,), lines, over_split=over_split, decorators=decorators)
        return self._add(join)

    def _aside(self, like: _Step) -> _Step:
        """A second step that leads to where `like` leads."""
        return self._add(_Step(self._name("aside"), "plain", like.children))

    def _fallible(
        self,
        name: str,
        children: tuple[str, ...],
        *lines: str,
        how: str = "",
        cases: tuple[str, ...] = (),
        kind: str = "plain",
    ) -> _Step:
        """A step that may have to be retried before it does what `lines` say."""
        decorators, failing = self._failures(name)
        return self._add(_Step(name, kind, children, (*failing, *lines), how, cases, decorators=decorators))

    def _failures(self, name: str, catch: bool = False) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Decorators of a step, and the lines with which it fails; mostly none."""
        kind = self.rng.random()
        if catch and kind < 0.12:
            lines = ('if draw(self, "catch", 2):', '    raise ValueError(f"caught at {self.trace[-1]}")')
            return (f'@catch(var="{name}_failure", print_exception=False)',), lines
        if kind < 0.25:
            lines = (
                'if current.retry_count < draw(self, "retry", 2):',
                '    raise RuntimeError("fails at first")',
            )
            return ("@retry(times=1, minutes_between_retries=0)",), lines
        return (), ()

    def _name(self, kind: str) -> str:
        return f"{kind}_{len(self.steps)}"

    def _add(self, step: _Step) -> _Step:
        self.steps.append(step)
        return step


def _parents(steps: list[_Step]) -> dict[str, set[str]]:
    parents: dict[str, set[str]] = {}
    for step in steps:
        for child in step.children:
            parents.setdefault(child, set()).add(step.name)
    return parents


def _text(step: _Step, parents: set[str], names: dict[str, str]) -> str:
    marks = [word for word, on in (("start=True", step.opens), ("end=True", step.closes)) if on]
    lines = [*step.decorators, f"@step({', '.join(marks)})" if marks else "@step"]
    lines.append(f"def {names.get(step.name, step.name)}(self{', inputs' if step.kind == 'join' else ''}):")
    body = [f"visit(self, {_before(step, parents)})", *step.lines]
    if step.children:
        body.append(f"self.next({_transition(step, names)})")
    return "\n".join(["    " + line for line in lines] + ["        " + line for line in body]) + "\n"


def _before(step: _Step, parents: set[str]) -> str:
    """The trace so far; in a join those of its inputs, sorted if several steps lead to it."""
    if step.kind != "join":
        return 'getattr(self, "trace", [])'
    if step.over_split or len(parents) > 1:
        return "[sorted((i.trace for i in inputs), key=repr)]"
    return "[[i.trace for i in inputs]]"


def _transition(step: _Step, names: dict[str, str]) -> str:
    targets = [f"self.{names.get(child, child)}" for child in step.children]
    if step.cases:
        pairs = ", ".join(f'"{case}": {target}' for case, target in zip(step.cases, targets, strict=True))
        targets = [f"{{{pairs}}}"]
    return ", ".join([*targets, step.how] if step.how else targets)


def random_case(seed: int, folder: Path) -> Case:
    """A case of the corpus's kind for the flow of a seed, written below `folder`."""
    file = folder / f"random_{seed}" / "flow.py"
    file.parent.mkdir()
    file.write_text(source(seed))
    # Several steps may lead into a join, whose inputs `run` orders by chance.
    return Case(f"random_{seed}", file, flow_name(seed), ordered=False)
