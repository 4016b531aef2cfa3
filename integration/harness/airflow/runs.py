"""What a DAG run left: its state and its task instances, the same from `dag.test()` and from the REST API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self


@dataclass(frozen=True)
class TaskInstance:
    """One instance of a task; `map_index` is -1 where the task is not mapped, `duration` is in seconds."""

    task_id: str
    map_index: int
    state: str | None
    try_number: int
    duration: float | None
    start_date: str | None
    end_date: str | None

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Self:
        return cls(**{field.name: row[field.name] for field in fields(cls)})


@dataclass(frozen=True)
class DagRun:
    """A DAG run that has ended, with its task instances in the order of their start."""

    dag_id: str
    run_id: str
    state: str
    tasks: tuple[TaskInstance, ...]

    def states(self) -> dict[tuple[str, int], str | None]:
        """The state of each instance by task id and map index."""
        return {(task.task_id, task.map_index): task.state for task in self.tasks}


def in_order(tasks: Iterable[TaskInstance]) -> tuple[TaskInstance, ...]:
    """By start, those that never started last."""
    return tuple(sorted(tasks, key=lambda task: (task.start_date or "~", task.task_id, task.map_index)))
