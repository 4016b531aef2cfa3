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
# Metadata file of an attempt with the engine's job, and its try, that took it: `JOB/TRY`.
_CLAIM_METADATA = "claim"
# Metadata file of an attempt that was terminated from outside.
_LOST_METADATA = "lost"
# How long a node of a gang waits for the first one to begin.
_CLAIM_TIMEOUT_SECONDS = 600
_CLAIM_POLL_SECONDS = 0.5
# How often a write that met another is tried again.
_CONFLICTS = 5
_CONFLICT_PAUSE_SECONDS = 0.5


class NotRun(Exception):
    """The task will not be run, now or when it is tried again; the message is one line."""


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
        from metaflow.metaflow_config import MAX_ATTEMPTS

        # One by one, not all at once: most tasks have one attempt, and a question to S3 takes its time.
        begun = TaskDataStore.METADATA_ATTEMPT_SUFFIX
        return next((k for k in range(MAX_ATTEMPTS) if not self._marked(begun, k)), MAX_ATTEMPTS)

    def is_done(self, attempt: int) -> bool:
        """Whether an attempt came to its end, well or not."""
        from metaflow.datastore import TaskDataStore

        return self._marked(TaskDataStore.METADATA_DONE_SUFFIX, attempt)

    def newest_success(self) -> TaskDataStore | None:
        """The newest attempt that succeeded. A failed attempt is marked as done, too, and does not count."""
        for attempt in reversed(range(self.count())):
            if self.is_done(attempt):
                candidate = self.at(attempt)
                if candidate.get("_task_ok"):
                    return candidate
        return None

    def earlier_jobs(self, claim: str) -> int:
        """How many jobs before that of `claim` took attempts: the tries that the engine has made.

        Attempts of one job are one try: after a lost host the engine starts the same job again. Attempts that
        were noted as lost are none.
        """
        kept = [attempt for attempt in range(self.count()) if not self._marked(_LOST_METADATA, attempt)]
        claims = (self._noted(attempt, _CLAIM_METADATA) for attempt in kept)
        return len({_job(other) for other in claims if other} - {_job(claim)})

    def note_lost(self, attempt: int) -> None:
        """Note that an attempt was terminated from outside."""
        self._note(attempt, _LOST_METADATA, "")

    def _marked(self, suffix: str, attempt: int) -> bool:
        """Whether the attempt has the metadata file `suffix`."""
        from metaflow.datastore import TaskDataStore

        name = TaskDataStore.metadata_name_for_attempt(suffix, attempt)
        (there,) = self.datastore._storage_impl.is_file([self._path(name)])
        return bool(there)

    def claim(self, claim: str = "") -> int:
        """Take the first free attempt number, and leave `claim` with it.

        An attempt is not made twice: what Metaflow's client shows of its artifacts is what was registered
        first, by local metadata and by the metadata service alike.

        Raises:
            NotRun: all are used.
        """
        from metaflow.metaflow_config import MAX_ATTEMPTS

        for attempt in range(self.count(), MAX_ATTEMPTS):
            if self._create(attempt):
                if claim:
                    self._note(attempt, _CLAIM_METADATA, claim)
                return attempt
        raise NotRun(
            f"Task {self.run_id}/{self.step}/{self.task_id} was tried {MAX_ATTEMPTS} times, as often as "
            "Metaflow allows, and is not run again: start a new run"
        )

    def claimed_by(self, claim: str) -> int:
        """The attempt that was taken with `claim`; waits for it.

        Raises:
            NotRun: nobody took it for ten minutes.
        """
        deadline = time.monotonic() + _CLAIM_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            newest = self.count() - 1
            if newest >= 0 and self._noted(newest, _CLAIM_METADATA) == claim:
                return newest
            time.sleep(_CLAIM_POLL_SECONDS)
        raise NotRun(f"The first node of {self.run_id}/{self.step}/{self.task_id} has not begun its attempt")

    def _note(self, attempt: int, name: str, value: str) -> None:
        """Leave a metadata file of our own with the attempt."""
        task = self.datastore.get_task_datastore(
            self.run_id, self.step, self.task_id, attempt=attempt, mode="w"
        )
        task.save_metadata({name: value})

    def _noted(self, attempt: int, name: str) -> str | None:
        """What is in such a file; `None` if there is none."""
        return str(self.at(attempt).load_metadata([name])[name]) if self._marked(name, attempt) else None

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
            return _create_object(self._s3_client(), uri, content)
        return True

    def _s3_client(self) -> Any:
        """The datastore's own client: another one takes a tenth of a second to make."""
        return self.datastore._storage_impl.s3_client.client

    def _path(self, name: str) -> str:
        join = self.datastore._storage_impl.path_join
        return str(join(self.datastore.flow_name, self.run_id, self.step, self.task_id, name))


def _job(claim: str) -> str:
    return claim.rpartition("/")[0]


def _create_file(path: str, content: bytes) -> bool:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    return True


def _create_object(client: Any, uri: str, content: bytes) -> bool:
    from botocore.exceptions import ClientError, ParamValidationError
    from metaflow.metaflow_config import S3_SERVER_SIDE_ENCRYPTION

    wanted = {**_s3_object(uri), "Body": content}
    if S3_SERVER_SIDE_ENCRYPTION:
        wanted["ServerSideEncryption"] = S3_SERVER_SIDE_ENCRYPTION
    for _ in range(_CONFLICTS):
        try:
            client.put_object(**wanted, IfNoneMatch="*")
        except ParamValidationError:  # an older boto3 knows no conditional writes
            client.put_object(**wanted)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status == 412:
                return False
            if status == 409:  # somebody else is writing it at this moment
                time.sleep(_CONFLICT_PAUSE_SECONDS)
                continue
            if status != 501:
                raise
            client.put_object(**wanted)
        return True
    return False


def _s3_object(uri: str) -> dict[str, str]:
    """Which object `uri` is, as arguments of boto3."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return {"Bucket": bucket, "Key": key}
