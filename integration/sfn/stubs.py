"""Functions in the place of jobs: they leave in S3 what a task leaves, without a start of Python."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from integration.harness.sfn.batch.stubs import StubbedJob
from integration.harness.sfn.stores import get_object, put_object
from integration.harness.stubbed_task import StubbedTask
from metaflow_extensions.orchestrators.core.hand_over import record_key
from metaflow_extensions.orchestrators.core.ids import parse_task_id
from metaflow_extensions.orchestrators.runtime.container import REQUEST, RUN, STEP, TASK

ITERATIONS = 250


def item(job: StubbedJob) -> int:
    """A foreach's item between `start` and `join`, whose `number` is its index."""
    task = _task(job)
    [index], _ = parse_task_id(task.id)
    task.leave_item("join", number=index)
    return 0


def turn(job: StubbedJob) -> int:
    """An iteration of a loop, `work`, which leads to `end` after ITERATIONS and has counted them."""
    task = _task(job)
    _, iteration = parse_task_id(task.id)
    case, following = ("again", "work") if iteration + 1 < ITERATIONS else ("done", "end")
    task.leave([following], _iteration_stack=[iteration], count=iteration + 1, case=case)
    record = {"next": [following], "n": None}
    task.store.put(record_key(task.flow, task.run, task.step, task.id), json.dumps(record).encode())
    return 0


def nothing(job: StubbedJob) -> int:
    """A job that nobody reads anything of."""
    return 0


@dataclass(frozen=True)
class _Bucket:
    name: str
    root: str

    def get(self, key: str) -> bytes:
        return get_object(self.name, f"{self.root}/{key}")

    def put(self, key: str, content: bytes) -> None:
        put_object(self.name, f"{self.root}/{key}", content)


def _task(job: StubbedJob) -> StubbedTask:
    """The task that a job is for."""
    request = json.loads(job.environment[REQUEST])
    address = urlsplit(request["datastore_root"])
    own = (job.environment[name] for name in (RUN, STEP, TASK))
    return StubbedTask(_Bucket(address.netloc, address.path.strip("/")), request["flow"], *own)
