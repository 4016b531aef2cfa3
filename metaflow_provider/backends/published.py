"""What the deployment of a flow left in its datastore, by content: the code package, and the plan itself.

A DAG run keeps the plan that it began with: it is read from here, where only who deploys can write.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import urlparse

from ..plan import FlowPlan, dumps, loads
from ..version_compat import AirflowFailException


class NotPublished(Exception):
    """The datastore does not have it, or something else in its place; the message is one line."""


def published_sha(plan: FlowPlan) -> str:
    """Address of the plan among the flow's data."""
    return _sha(dumps(plan).encode())


def published_plan(plan: FlowPlan, sha: str) -> FlowPlan:
    """Another plan of the same flow, by its address.

    Raises:
        AirflowFailException: it is not in the datastore.
    """
    try:
        return loads(fetch(plan, sha).decode())
    except NotPublished as problem:
        raise AirflowFailException(
            f"{plan.flow} was deployed anew since this run began, and the plan of then cannot be used: "
            f"{problem}; start a new run"
        ) from None


def fetch(plan: FlowPlan, sha: str) -> bytes:
    """Data of the flow's datastore by its address.

    Raises:
        NotPublished: it is not there, cannot be read, or is not what the address says.
    """
    if plan.code is None:
        raise NotPublished("the plan has no code package")
    url = f"{plan.code.url.removesuffix(_place(plan.code.sha))}{_place(sha)}"
    address = urlparse(url)
    if address.scheme == "s3":
        endpoint = plan.runtime.environment.get("METAFLOW_S3_ENDPOINT_URL")
        blob = _fetch_s3(endpoint, address.netloc, address.path.lstrip("/"), url)
    elif address.scheme in ("", "file"):
        blob = _read(Path(address.path))
    else:
        raise NotPublished(f"processes cannot read {address.scheme}:// yet ({url})")
    if blob is None:
        raise NotPublished(f"{url} is not there any more")
    if _sha(blob) != sha:
        raise NotPublished(f"{url} holds something else")
    return blob


def _place(sha: str) -> str:
    """Where Metaflow's content-addressed store keeps data."""
    return f"{sha[:2]}/{sha}"


def _sha(blob: bytes) -> str:
    return hashlib.sha1(blob, usedforsecurity=False).hexdigest()


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise NotPublished(f"{path} cannot be read: {error.strerror}") from None


def _fetch_s3(endpoint: str | None, bucket: str, key: str, url: str) -> bytes | None:
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        raise NotPublished(f"reading {url} needs boto3 beside Airflow: pip install boto3") from None
    try:
        client = boto3.client("s3", endpoint_url=endpoint)
        return bytes(client.get_object(Bucket=bucket, Key=key)["Body"].read())
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchBucket", "404"):
            return None
        raise NotPublished(
            f"{url} cannot be read: {error.response['Error'].get('Message')} (it takes s3:GetObject)"
        ) from None
    except BotoCoreError as error:
        raise NotPublished(f"{url} cannot be read: {str(error).splitlines()[0]}") from None
