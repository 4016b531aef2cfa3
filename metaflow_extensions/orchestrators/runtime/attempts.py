"""What the datastore knows of a task's attempts, and the claim of the next one.

Attempts have no gaps: Metaflow takes the newest by counting up to the first missing one. So the next
attempt is the first number that is free, never an engine's counter.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .request import TaskRequest

if TYPE_CHECKING:
    from metaflow.datastore import FlowDataStore, TaskDataStore

# Metadata file of an attempt that says in which series of tries it was made.
SERIES_METADATA = "series"


def flow_datastore(request: TaskRequest) -> FlowDataStore:
    """The flow's datastore, as its tasks see it."""
    from metaflow.datastore import FlowDataStore
    from metaflow.plugins import DATASTORES

    implementation = next(d for d in DATASTORES if request.datastore == d.TYPE)
    return FlowDataStore(
        request.flow, environment=None, storage_impl=implementation, ds_root=request.datastore_root
    )


@dataclass(frozen=True)
class Attempts:
    """Attempts of one task."""

    datastore: FlowDataStore
    run_id: str
    step: str
    task_id: str

    def at(self, attempt: int) -> TaskDataStore:
        """The attempt's artifacts and metadata; without artifacts if it was never finished."""
        return self.datastore.get_task_datastore(
            self.run_id, self.step, self.task_id, attempt=attempt, allow_not_done=True
        )

    def count(self) -> int:
        """How many attempts there have been."""
        from metaflow.datastore import TaskDataStore

        begun = self._marked(TaskDataStore.METADATA_ATTEMPT_SUFFIX)
        return next((k for k, there in enumerate(begun) if not there), len(begun))

    def newest_success(self) -> TaskDataStore | None:
        """The newest attempt that succeeded. A failed attempt is marked as done, too, and does not count."""
        from metaflow.datastore import TaskDataStore

        done = self._marked(TaskDataStore.METADATA_DONE_SUFFIX)
        for attempt in reversed([k for k, there in enumerate(done) if there]):
            candidate = self.at(attempt)
            if candidate.get("_task_ok"):
                return candidate
        return None

    def _marked(self, suffix: str) -> list[bool]:
        """For every possible attempt whether it has the metadata file `suffix`."""
        from metaflow.datastore import TaskDataStore
        from metaflow.metaflow_config import MAX_ATTEMPTS

        names = [TaskDataStore.metadata_name_for_attempt(suffix, k) for k in range(MAX_ATTEMPTS)]
        return list(self.datastore._storage_impl.is_file([self._path(name) for name in names]))

    def claim(self) -> int:
        """Take the first free attempt number; when all are used, the last one again."""
        from metaflow.metaflow_config import MAX_ATTEMPTS

        for attempt in range(self.count(), MAX_ATTEMPTS):
            if self._create(attempt):
                return attempt
        last = int(MAX_ATTEMPTS) - 1
        self._reopen(last)
        print(f"All attempts of {self.step}/{self.task_id} are used: attempt {last} is made again")
        return last

    def _create(self, attempt: int) -> bool:
        """Write the attempt's mark if nobody has; a store without conditional writes just writes it."""
        import json

        from metaflow.datastore import TaskDataStore

        name = TaskDataStore.metadata_name_for_attempt(TaskDataStore.METADATA_ATTEMPT_SUFFIX, attempt)
        content = json.dumps({"time": time.time()}).encode()
        kind = self.datastore.TYPE
        uri = self.datastore._storage_impl.full_uri(self._path(name))
        if kind == "local":
            return _create_file(uri, content)
        if kind == "s3":
            return _create_object(uri, content)
        return True

    def _reopen(self, attempt: int) -> None:
        from metaflow.datastore import TaskDataStore

        name = TaskDataStore.metadata_name_for_attempt(TaskDataStore.METADATA_DONE_SUFFIX, attempt)
        uri = self.datastore._storage_impl.full_uri(self._path(name))
        if self.datastore.TYPE == "local":
            if os.path.exists(uri):
                os.unlink(uri)
        elif self.datastore.TYPE == "s3":
            client, bucket, key = _s3_object(uri)
            client.delete_object(Bucket=bucket, Key=key)
        else:
            raise RuntimeError(
                f"All attempts of {self.step}/{self.task_id} are used and a {self.datastore.TYPE} datastore "
                "cannot take one back; start a new run"
            )

    def _path(self, name: str) -> str:
        join = self.datastore._storage_impl.path_join
        return str(join(self.datastore.flow_name, self.run_id, self.step, self.task_id, name))


def _create_file(path: str, content: bytes) -> bool:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    return True


def _create_object(uri: str, content: bytes) -> bool:
    from botocore.exceptions import ClientError

    client, bucket, key = _s3_object(uri)
    try:
        client.put_object(Bucket=bucket, Key=key, Body=content, IfNoneMatch="*")
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status in (409, 412):
            return False
        if status != 501:
            raise
        client.put_object(Bucket=bucket, Key=key, Body=content)
    return True


def _s3_object(uri: str) -> tuple[Any, str, str]:
    from metaflow.plugins.datatools.s3.s3util import get_s3_client

    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return get_s3_client()[0], bucket, key
