"""S3 on loopback: versitygw, a real store, and moto's server, which needs nothing but Python."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

from integration.harness.go_build import go_binary
from integration.harness.process import Server, ServerProcess, answers, base_env, free_port

PACKAGE = "github.com/versity/versitygw/cmd/versitygw"


class S3(Server):
    """An S3 server with one bucket; `env` is what Metaflow and boto3 need to use it."""

    bucket = "metaflow-test"
    access_key = "harness"
    secret_key = "harness-secret"
    region = "us-east-1"
    url: str

    @property
    def env(self) -> dict[str, str]:
        return {
            "METAFLOW_DEFAULT_DATASTORE": "s3",
            "METAFLOW_DATASTORE_SYSROOT_S3": f"s3://{self.bucket}/metaflow",
            "METAFLOW_S3_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": self.region,
        }

    def client(self) -> Any:
        """A boto3 client of this server, whatever the process's own AWS settings are."""
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name=self.region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
        )


class VersityGW(S3):
    """versitygw: concurrent, checks signatures, keeps conditional writes, one file an object.

    A key may not be a prefix of another one (`a` and `a/b`), and `a//b` becomes `a/b`. The folder must be on
    a file system with extended attributes.

    Args:
        folder: holds its log and, in `s3/`, its objects.

    Raises:
        Missing: on entry, when its program has to be built and cannot be.

    Example:
        with VersityGW(tmp_path) as s3:
            subprocess.run([sys.executable, "flow.py", "run"], env={**base_env(), **s3.env}, check=True)
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: ServerProcess | None = None

    def start(self) -> None:
        binary = go_binary("versitygw", PACKAGE)
        address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{address}"
        objects = self._folder / "s3"
        objects.mkdir(parents=True, exist_ok=True)
        keys = {"ROOT_ACCESS_KEY": self.access_key, "ROOT_SECRET_KEY": self.secret_key}
        options = ["--quiet", "--port", address, "--region", self.region, "--health", "/health"]
        command = [str(binary), *options, "posix", str(objects)]
        self._process = ServerProcess(command, {**base_env(), **keys}, self._folder / "versitygw.log")
        self._process.wait_for(lambda: answers(f"{self.url}/health"), seconds=10)
        self.client().create_bucket(Bucket=self.bucket)

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()


class MotoS3(S3):
    """moto's server in this process: needs no build, but takes any secret and fails under concurrent writes.

    Example:
        with MotoS3() as s3:
            s3.client().put_object(Bucket=s3.bucket, Key="k", Body=b"v")
    """

    def __init__(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for every request
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)

    def start(self) -> None:
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        self.client().create_bucket(Bucket=self.bucket)

    def stop(self) -> None:
        self._server.stop()
