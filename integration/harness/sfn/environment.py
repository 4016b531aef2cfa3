"""The variables of who deploys, and those that every container finds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from integration.harness.sfn.names import (
    ACCOUNT,
    BUCKET,
    EC2_QUEUE,
    EXECUTION_LOGS,
    REGION,
    TABLE,
    role,
)

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "engine", "AWS_SECRET_ACCESS_KEY": "engine-secret"}


def user_environment(url: str, folder: Path) -> dict[str, str]:
    """What Metaflow, its client and boto3 need to use the engine at `url`; local metadata is in `folder`."""
    executions = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{EXECUTION_LOGS}:*"
    return {
        **CREDENTIALS,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "METAFLOW_HOME": str(folder / "home"),
        "METAFLOW_DEFAULT_DATASTORE": "s3",
        "METAFLOW_DATASTORE_SYSROOT_S3": f"s3://{BUCKET}/metaflow",
        "METAFLOW_S3_ENDPOINT_URL": url,
        "METAFLOW_DEFAULT_METADATA": "local",
        "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(metadata_root(folder)),
        "METAFLOW_BATCH_JOB_QUEUE": EC2_QUEUE,
        "METAFLOW_ECS_S3_ACCESS_IAM_ROLE": role("batch-job"),
        "METAFLOW_ECS_FARGATE_EXECUTION_ROLE": role("batch-execution"),
        "METAFLOW_SFN_IAM_ROLE": role("step-functions"),
        "METAFLOW_EVENTS_SFN_ACCESS_IAM_ROLE": role("events"),
        "METAFLOW_SFN_DYNAMO_DB_TABLE": TABLE,
        "METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN": executions,
    }


def container_environment(url: str, folder: Path, path: str, own: Mapping[str, str]) -> dict[str, str]:
    """What an image and its host give to a container, whose own variables win.

    Nothing of the machine's user is in it. What asks for instance metadata fails at once instead of after
    some seconds, pip has nothing to install, and local metadata is where who deploys reads it.

    Args:
        url: of the engine.
        folder: of the engine.
        path: folder of the interpreter that is `python` in containers.
        own: variables of the test.
    """
    return {
        **CREDENTIALS,
        "PATH": f"{path}:/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "AWS_ENDPOINT_URL": url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "http_proxy": "http://127.0.0.1:9",
        "no_proxy": "127.0.0.1,localhost",
        "METAFLOW_SKIP_INSTALL_DEPENDENCIES": "1",
        "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(metadata_root(folder)),
        **own,
    }


def metadata_root(folder: Path) -> Path:
    return folder / "metadata"
