"""Whether the datastore answers, asked once and briefly: Metaflow's own client tries for minutes."""

from __future__ import annotations

import os
import tempfile
from typing import Any
from urllib.parse import urlparse

_TIMEOUT_SECONDS = 5


def check_reachable(flow_datastore: Any) -> None:
    """Refuse a datastore that does not answer.

    Raises:
        Refusal: a root that is no address, S3 that cannot be reached, a missing bucket, missing credentials,
            or a local folder that cannot be written to.
    """
    check_address(flow_datastore)
    if flow_datastore.TYPE == "s3":
        _check_s3(flow_datastore.datastore_root)
    elif flow_datastore.TYPE == "local":
        _check_folder(flow_datastore.datastore_root)


def check_address(flow_datastore: Any) -> None:
    """Refuse a datastore whose root is no address; asks nothing.

    Raises:
        Refusal: names the setting.
    """
    from metaflow_provider.plan import Refusal

    root = flow_datastore.datastore_root
    address = urlparse(root)
    if flow_datastore.TYPE == "s3" and (address.scheme != "s3" or not address.netloc):
        raise Refusal(
            f"the datastore {root} is no address in S3",
            remedy="set METAFLOW_DATASTORE_SYSROOT_S3 to one such as s3://bucket/metaflow",
        )


def _check_s3(root: str) -> None:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError
    from metaflow.metaflow_config import S3_ENDPOINT_URL

    from metaflow_provider.plan import Refusal

    config = Config(
        connect_timeout=_TIMEOUT_SECONDS, read_timeout=_TIMEOUT_SECONDS, retries={"total_max_attempts": 1}
    )
    try:
        client = boto3.client("s3", endpoint_url=S3_ENDPOINT_URL, config=config)
        client.head_bucket(Bucket=urlparse(root).netloc)
    except ClientError as error:
        # A policy may allow the flow's prefix and not the question about the bucket.
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            raise Refusal(
                f"the datastore {root} has no such bucket", remedy="check METAFLOW_DATASTORE_SYSROOT_S3"
            ) from None
    except (BotoCoreError, ValueError) as error:  # an endpoint that is no URL is a ValueError
        raise Refusal(
            f"the datastore {root} cannot be reached: {str(error).splitlines()[0]}",
            remedy="check the network, METAFLOW_S3_ENDPOINT_URL and the AWS credentials",
        ) from None


def _check_folder(root: str) -> None:
    from metaflow_provider.plan import Refusal

    try:
        os.makedirs(root, exist_ok=True)
        with tempfile.TemporaryFile(dir=root):
            pass
    except OSError as error:
        raise Refusal(
            f"the datastore {root} cannot be written to: {error.strerror}",
            remedy="check METAFLOW_DATASTORE_SYSROOT_LOCAL",
        ) from None
