"""Functions in the place of jobs: they leave in S3 what a task leaves, without a start of Python.

Each has the artifacts of the flow's first task, as a step has those of its parent, and some of its own.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import pickle
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from integration.harness.sfn.batch.stubs import StubbedJob
from integration.harness.sfn.stores import get_object, put_object
from metaflow_extensions.orchestrators.core.hand_over import record_key
from metaflow_extensions.orchestrators.core.ids import parse_task_id
from metaflow_extensions.orchestrators.runtime.container import REQUEST, RUN, STEP, TASK

ITERATIONS = 250


def item(job: StubbedJob) -> int:
    """A foreach's item between `start` and `join`, whose `number` is its index."""
    from metaflow.tuple_util import ForeachFrame

    task = Task.of(job)
    [index], _ = parse_task_id(task.id)
    frame = ForeachFrame(
        task.step, task.first("_foreach_var"), task.first("_foreach_num_splits"), index, None
    )
    task.leave(["join"], _foreach_stack=[frame], number=index)
    return 0


def turn(job: StubbedJob) -> int:
    """An iteration of a loop, `work`, which leads to `end` after ITERATIONS and has counted them."""
    task = Task.of(job)
    _, iteration = parse_task_id(task.id)
    case, following = ("again", "work") if iteration + 1 < ITERATIONS else ("done", "end")
    task.leave([following], _iteration_stack=[iteration], count=iteration + 1, case=case)
    record = {"next": [following], "n": None}
    task.put(record_key(task.flow, task.run, task.step, task.id), json.dumps(record).encode())
    return 0


def nothing(job: StubbedJob) -> int:
    """A job that nobody reads anything of."""
    return 0


@dataclass(frozen=True)
class Task:
    """The task that a job is for; `bucket` and `root` are the datastore's."""

    bucket: str
    root: str
    flow: str
    run: str
    step: str
    id: str

    @classmethod
    def of(cls, job: StubbedJob) -> Task:
        request = json.loads(job.environment[REQUEST])
        address = urlsplit(request["datastore_root"])
        own = (job.environment[name] for name in (RUN, STEP, TASK))
        return cls(address.netloc, address.path.strip("/"), request["flow"], *own)

    def first(self, artifact: str) -> Any:
        """An artifact of the flow's first task."""
        key = self._first_data()["objects"][artifact]
        blob = get_object(self.bucket, f"{self.root}/{self.flow}/data/{key[:2]}/{key}")
        return pickle.loads(gzip.decompress(blob))

    def leave(self, following: list[str], **artifacts: Any) -> None:
        """Write attempt 0, which succeeded and leads to the steps `following`."""
        own = {
            **dict.fromkeys(("_foreach_var", "_foreach_num_splits", "_foreach_values")),
            "_current_step": self.step,
            "_task_ok": True,
            "_success": True,
            "_transition": (following, None),
            **artifacts,
        }
        data = self._first_data()
        for name, value in own.items():
            data["objects"][name] = self._save(pickle.dumps(value))
            data["info"][name] = {"size": 1, "type": str(type(value)), "encoding": "pickle-v4"}
        folder = f"{self.flow}/{self.run}/{self.step}/{self.id}"
        self.put(f"{folder}/0.attempt.json", b'{"time": 0}')
        self.put(f"{folder}/0.data.json", json.dumps(data).encode())
        self.put(f"{folder}/0.DONE.lock", b"")

    def put(self, key: str, content: bytes) -> None:
        put_object(self.bucket, f"{self.root}/{key}", content)

    def _first_data(self) -> dict[str, Any]:
        folder = f"{self.root}/{self.flow}/{self.run}/start/t"
        data: dict[str, Any] = json.loads(get_object(self.bucket, f"{folder}/0.data.json"))
        return data

    def _save(self, content: bytes) -> str:
        """Put an artifact into the flow's content-addressed store; returns its key."""
        key = hashlib.sha1(content).hexdigest()
        self.put(f"{self.flow}/data/{key[:2]}/{key}", gzip.compress(content, mtime=0))
        return key
