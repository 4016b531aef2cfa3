"""Task and run ids: written and parsed here and nowhere else.

A task is ``(run id, step, index path, loop iteration)``. The index path has one integer per enclosing
foreach, outermost first.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

PARAMETERS_STEP = "_parameters"
PARAMETERS_TASK = "t-params"

_TASK_ID = re.compile(r"t(?P<index>(?:-\d+)*)(?:-i(?P<iteration>[1-9]\d*))?")


@dataclass(frozen=True, order=True)
class TaskRef:
    """One task of a run.

    Example:
        >>> TaskRef("work", (2, 5)).task_id
        't-2-5'
    """

    step: str
    index: tuple[int, ...] = ()
    iteration: int = 0

    @property
    def task_id(self) -> str:
        """Metaflow's id of the task."""
        return task_id(self.index, self.iteration)


def task_id(index: tuple[int, ...], iteration: int = 0) -> str:
    """Metaflow task id of the instance at `index`, in loop iteration `iteration`.

    Example:
        >>> task_id((0,), 3)
        't-0-i3'
    """
    suffix = f"-i{iteration}" if iteration else ""
    return "t" + "".join(f"-{i}" for i in index) + suffix


def parse_task_id(text: str) -> tuple[tuple[int, ...], int]:
    """Index path and iteration of a task id.

    Raises:
        ValueError: `text` is not a task id of this project.

    Example:
        >>> parse_task_id("t-2-5")
        ((2, 5), 0)
    """
    match = _TASK_ID.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a task id: expected t, t-2-5 or t-0-i3")
    index = tuple(int(i) for i in match["index"].split("-") if i)
    return index, int(match["iteration"] or 0)


def airflow_run_id(dag_run_id: str, dag_id: str) -> str:
    """Metaflow run id of an Airflow DAG run: the form that stock Metaflow uses.

    Example:
        >>> airflow_run_id("manual__2024-01-01T00:00:00+00:00", "Train")
        'airflow-3cdcf68dc2f1'
    """
    digest = hashlib.md5(f"{dag_run_id}-{dag_id}".encode(), usedforsecurity=False).hexdigest()
    return f"airflow-{digest[:12]}"
