from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from tests.runtime.harness import Store


@pytest.fixture
def local(tmp_path: Path) -> Store:
    return Store(tmp_path, "local", str(tmp_path / ".metaflow"), {"METAFLOW_DEFAULT_DATASTORE": "local"})


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(tmp_path: Path, s3_address: str) -> Store:
    import boto3

    bucket = f"flows-{tmp_path.name.replace('_', '-')}"[:60].lower().rstrip("-")
    keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any", "region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=s3_address, **keys).create_bucket(Bucket=bucket)
    root = f"s3://{bucket}/store"
    variables = {
        "METAFLOW_DEFAULT_DATASTORE": "s3",
        "METAFLOW_DATASTORE_SYSROOT_S3": root,
        "METAFLOW_S3_ENDPOINT_URL": s3_address,
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    return Store(tmp_path, "s3", root, variables)
