"""moto's stores as jobs and stubs reach them inside the server, without HTTP."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

from moto.batch.models import batch_backends
from moto.logs.exceptions import ResourceAlreadyExistsException
from moto.logs.models import logs_backends
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends

from integration.harness.sfn.batch.errors import ClientException
from integration.harness.sfn.batch.jobs import Queue
from integration.harness.sfn.names import ACCOUNT, REGION

MAX_LINES = 10_000


def queue(reference: str) -> Queue:
    """The job queue of a name or ARN.

    Raises:
        ClientException: there is none, or it takes no jobs.
    """
    found = batch_backends[ACCOUNT][REGION].get_job_queue(reference)
    if found is None:
        raise ClientException(f"Job queue {reference} does not exist")
    if found.state != "ENABLED":
        raise ClientException(f"Job queue {reference} is {found.state}")
    [first, *_] = found.environments
    return Queue(found.name, found.arn, first.name, "FARGATE" in first.compute_resources["type"])


def secret(reference: str) -> str:
    """The value behind a `valueFrom`: a secret's name or ARN, with `:json-key:stage:version` after an ARN.

    Raises:
        KeyError: there is no such secret, or no such key in it.
    """
    secret_id, key = reference, ""
    if reference.startswith("arn:"):
        parts = reference.split(":")
        secret_id, key = ":".join(parts[:7]), ":".join(parts[7:8])
    secrets = secretsmanager_backends[ACCOUNT][REGION].secrets
    if not secrets.get(secret_id):
        raise KeyError(f"Secrets Manager can't find the specified secret {secret_id}")
    stored = secrets[secret_id]
    text = stored.versions[str(stored.default_version_id)]["secret_string"]
    return str(json.loads(text)[key]) if key else str(text)


def publish(group: str, stream: str, text: str) -> None:
    """Put the last lines of a container's output into CloudWatch Logs."""
    backend = logs_backends[ACCOUNT][REGION]
    backend.ensure_log_group(group)
    now = int(time.time() * 1000)
    events: list[dict[str, Any]] = [
        {"timestamp": now, "message": line} for line in text.splitlines()[-MAX_LINES:]
    ]
    with suppress(ResourceAlreadyExistsException):
        backend.create_log_stream(group, stream)
    backend.groups[group].put_log_events(stream, events)


def put_object(bucket: str, key: str, body: bytes) -> None:
    """Put an object into S3, some fifty times as fast as through boto3: for stubs.

    Example:
        put_object("metaflow-test", "metaflow/Flow/1/step/t-7/0.DONE.lock", b"")
    """
    s3_backends[ACCOUNT]["aws"].put_object(bucket, key, body)


def get_object(bucket: str, key: str) -> bytes:
    """Read an object of S3: for stubs.

    Raises:
        KeyError: there is none.
    """
    found = s3_backends[ACCOUNT]["aws"].get_object(bucket, key)
    if found is None:
        raise KeyError(key)
    return bytes(found.value)
