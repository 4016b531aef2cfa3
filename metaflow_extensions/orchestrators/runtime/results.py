"""What finished tasks of a run did, read from their artifacts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..core.ids import TaskRef
from ..core.walk import LostWay
from .attempts import Attempts, flow_datastore
from .request import TaskRequest

if TYPE_CHECKING:
    from metaflow.datastore import FlowDataStore, TaskDataStore


@dataclass(frozen=True)
class StoredOutcomes:
    """`core.walk.Outcomes` from the datastore, helped by what the engine knows of loops."""

    request: TaskRequest
    datastore: FlowDataStore

    @classmethod
    def of(cls, request: TaskRequest) -> StoredOutcomes:
        """The outcomes of the request's run."""
        return cls(request, flow_datastore(request))

    def chosen(self, task: TaskRef) -> str:
        """The step that a switch's task led to."""
        (step,) = self.artifact(task, "_transition")[0]
        return str(step)

    def splits(self, task: TaskRef) -> int:
        """The number of splits of a foreach's task."""
        return int(self.artifact(task, "_foreach_num_splits"))

    def iterations(self, step: str, index: tuple[int, ...]) -> int | None:
        """How often a loop ran, if the engine said so."""
        return self.request.iterations.get(step, {}).get("-".join(map(str, index)))

    def artifact(self, task: TaskRef, name: str) -> Any:
        """An artifact of the newest successful attempt; raises `LostWay` if there is none."""
        success = self.success(task)
        if success is None:
            raise LostWay(f"Task {self.request.run_id}/{task.step}/{task.task_id} has no successful attempt")
        return success[name]

    def success(self, task: TaskRef) -> TaskDataStore | None:
        """The newest successful attempt of a task."""
        return Attempts(self.datastore, self.request.run_id, task.step, task.task_id).newest_success()
