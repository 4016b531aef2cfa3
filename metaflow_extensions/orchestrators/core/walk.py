"""From a task to the tasks whose results it reads.

The walk goes forward from the nearest certain ancestor and asks what was chosen at each switch on the
way. It never searches backwards over candidates: a run whose task was cleared or restarted holds tasks
of abandoned ways.
"""

from __future__ import annotations

from typing import Protocol

from .graph import FOREACH, SPLIT, SWITCH, Graph, Node
from .ids import PARAMETERS_STEP, TaskRef


class Outcomes(Protocol):
    """What finished tasks did, asked only of tasks that must have finished."""

    def chosen(self, task: TaskRef) -> str:
        """The step that a switch's task led to."""
        ...

    def splits(self, task: TaskRef) -> int:
        """The number of splits of a foreach's task."""
        ...

    def iterations(self, step: str, index: tuple[int, ...]) -> int | None:
        """How often a loop ran at `index`, where the engine knows; `None` makes the walk count."""
        ...


class LostWay(ValueError):
    """The tasks of the run do not lead to the task whose parents are sought."""


def parents_of(graph: Graph, task: TaskRef, outcomes: Outcomes) -> tuple[TaskRef, ...]:
    """The tasks that `task` continues from, in the order in which a join receives its inputs.

    A foreach join gets its children in index order, a static join in the order of `self.next`. The gang
    of a join's only parent is one entry, its control task. The first step's parent is the run's
    `_parameters` task.

    Raises:
        LostWay: the tasks of the run do not lead to `task`.

    Example:
        For ``start -> (foreach) work -> join``, ``parents_of(graph, TaskRef("work", (3,)), outcomes)``
        is ``(TaskRef("start"),)`` and the parents of ``TaskRef("join")`` are ``work`` at (0,), (1,), ...
    """
    node = graph[task.step]
    if task.iteration:
        return (TaskRef(task.step, task.index, task.iteration - 1),)
    if not node.parents:
        return (TaskRef(PARAMETERS_STEP),)
    if node.joins is not None:
        heads = _heads(graph, graph[node.joins], task.index, outcomes)
        return tuple(_last_before(graph, head, task.step, outcomes) for head in heads)
    if len(node.parents) == 1:
        return (_only_parent(graph, node, task.index, outcomes),)
    assert node.anchor is not None
    anchor = TaskRef(node.anchor, task.index[: len(graph[node.anchor].scope)])
    return (_last_before(graph, anchor, task.step, outcomes),)


def _heads(graph: Graph, split: Node, index: tuple[int, ...], outcomes: Outcomes) -> list[TaskRef]:
    if split.kind == FOREACH and not split.gang_split:
        count = outcomes.splits(TaskRef(split.step, index))
        return [TaskRef(split.children[0], (*index, i)) for i in range(count)]
    return [TaskRef(child, index) for child in split.children]


def _only_parent(graph: Graph, node: Node, index: tuple[int, ...], outcomes: Outcomes) -> TaskRef:
    parent = graph[node.parents[0]]
    at = index[: len(parent.scope)]
    return _last_iteration(TaskRef(parent.step, at), outcomes) if parent.loop else TaskRef(parent.step, at)


def _last_iteration(task: TaskRef, outcomes: Outcomes) -> TaskRef:
    known = outcomes.iterations(task.step, task.index)
    if known is not None:
        return TaskRef(task.step, task.index, known - 1)
    while outcomes.chosen(task) == task.step:
        task = TaskRef(task.step, task.index, task.iteration + 1)
    return task


def _last_before(graph: Graph, task: TaskRef, target: str, outcomes: Outcomes) -> TaskRef:
    """The task on the way from `task` that leads to `target`, which is in the same branch or closes it."""
    while True:
        node = graph[task.step]
        if node.loop:
            task = _last_iteration(task, outcomes)
        following = _following(node, task, outcomes)
        if following == target:
            return task
        if following is None:
            raise LostWay(
                f"Step {target} was not chosen at index {list(task.index)}: the way led to {task.step}"
            )
        task = TaskRef(following, task.index)


def _following(node: Node, task: TaskRef, outcomes: Outcomes) -> str | None:
    if node.kind in (SPLIT, FOREACH):
        return node.join
    if node.kind == SWITCH:
        return outcomes.chosen(task)
    return node.children[0] if node.children else None
