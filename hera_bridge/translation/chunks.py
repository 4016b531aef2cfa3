"""Cuts a long DAG into a sequence of DAGs: Argo's rules for a cluster allow 200 tasks in each.

A cut goes through one task that everything after it waits for, and nothing after it looks further back.
https://github.com/argoproj/argo-workflows/blob/main/pkg/apis/workflow/v1alpha1/workflow_types.go
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

from hera.workflows import models

# Below Argo's limit of 200, which leaves room for edits.
MOST_TASKS = 150
_TASK_IN_DEPENDS = re.compile(r"([A-Za-z0-9-]+)\.Succeeded")
_TASK_IN_TAG = re.compile(r"tasks(?:\.|\[')([A-Za-z0-9-]+)")


def cut(tasks: Sequence[models.DAGTask], leaving: Collection[str] = ()) -> list[list[models.DAGTask]]:
    """The tasks in pieces of at most `MOST_TASKS`, as far as there are places to cut.

    Args:
        tasks: in topological order; the first ones of later pieces then wait for nothing.
        leaving: tasks that may be the last, so that what comes after them may be left out.

    Example:
        A chain of 200 tasks is cut into two pieces, of 150 and of 50.
    """
    pieces = []
    rest = list(tasks)
    while len(rest) > MOST_TASKS:
        places = _places(rest, leaving)
        place = max((at for at in places if at <= MOST_TASKS), default=min(places, default=len(rest)))
        if place == len(rest):
            break
        pieces.append(rest[:place])
        last, rest = rest[place - 1], rest[place:]
        for task in rest:
            if task.depends == f"{last.name}.Succeeded":
                task.depends = None
    return [*pieces, rest]


def chained(
    pieces: Sequence[list[models.DAGTask]], call: Callable[[list[models.DAGTask], str | None], models.DAGTask]
) -> list[models.DAGTask]:
    """A task for each piece, each after the one before.

    Args:
        pieces: of a DAG.
        call: makes the task for a piece, which depends on what its second argument says.
    """
    tasks: list[models.DAGTask] = []
    for piece in pieces:
        tasks.append(call(piece, f"{tasks[-1].name}.Succeeded" if tasks else None))
    return tasks


def _places(tasks: Sequence[models.DAGTask], leaving: Collection[str]) -> list[int]:
    """How many tasks can go before a cut.

    Going backwards, `needed` are tasks that later ones wait for, and `mixed` those that they wait for
    together with others, or whose outputs they use.
    """
    places = []
    needed: set[str] = set()
    mixed: set[str] = set()
    most = next((at for at, task in enumerate(tasks) if task.name in leaving), len(tasks))
    for at in range(len(tasks) - 1, 0, -1):
        later, last = tasks[at], tasks[at - 1]
        waits = set(_TASK_IN_DEPENDS.findall(later.depends or ""))
        needed = (needed | waits) - {later.name}
        if later.depends != f"{next(iter(waits), '')}.Succeeded":
            mixed |= waits
        mixed |= set(_TASK_IN_TAG.findall(later.model_dump_json(exclude_none=True)))
        if needed == {last.name} and last.name not in mixed and at <= most:
            places.append(at)
    return places
