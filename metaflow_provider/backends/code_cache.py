"""A flow's code on the worker: fetched once, checked, unpacked once, shared by all tasks of the package."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path
from urllib.parse import urlparse

from ..plan.model import CodePackage, FlowPlan
from ..version_compat import AirflowFailException


def unpacked(plan: FlowPlan, cache: Path) -> Path:
    """Folder with the plan's code package, below `cache`.

    Raises:
        AirflowFailException: the package is not in the datastore, or is not what was deployed.
    """
    if plan.code is None:
        raise AirflowFailException(f"The plan of {plan.flow} has no code package; deploy the flow again")
    folder = cache / plan.code.sha
    if not folder.is_dir():
        _unpack(_fetch(plan.code, plan), plan, folder)
    return folder


def _unpack(blob: bytes, plan: FlowPlan, folder: Path) -> None:
    """Unpack beside the target and rename, so that no other task sees half of it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        with tarfile.open(fileobj=BytesIO(blob)) as archive:
            archive.extractall(temporary, filter="data")
        _link_local_store(temporary, plan)
        os.rename(temporary, folder)
    except OSError:
        if not folder.is_dir():
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _link_local_store(folder: Path, plan: FlowPlan) -> None:
    """Cards on a local datastore are kept in the `.metaflow` nearest to the task's folder."""
    store = folder / ".metaflow"
    if plan.runtime.datastore == "local":
        store.symlink_to(plan.runtime.datastore_root)
    else:
        store.mkdir()  # else Metaflow says that it makes one


def _fetch(code: CodePackage, plan: FlowPlan) -> bytes:
    address = urlparse(code.url)
    if address.scheme == "s3":
        endpoint = plan.runtime.environment.get("METAFLOW_S3_ENDPOINT_URL")
        blob = _fetch_s3(endpoint, address.netloc, address.path.lstrip("/"))
    elif address.scheme in ("", "file"):
        path = Path(address.path)
        blob = path.read_bytes() if path.exists() else None
    else:
        raise AirflowFailException(f"Code packages at {address.scheme}:// are not supported by processes yet")
    if blob is None:
        raise AirflowFailException(
            f"The code package of {plan.flow} is not at {code.url} any more; deploy the flow again"
        )
    if hashlib.sha1(blob, usedforsecurity=False).hexdigest() != code.sha:
        raise AirflowFailException(f"{code.url} is not the code package that {plan.flow} was deployed with")
    return blob


def _fetch_s3(endpoint: str | None, bucket: str, key: str) -> bytes | None:
    import boto3
    from botocore.exceptions import ClientError

    client = boto3.client("s3", endpoint_url=endpoint)
    try:
        return bytes(client.get_object(Bucket=bucket, Key=key)["Body"].read())
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchBucket", "404"):
            return None
        raise
