"""Both S3 servers serve Metaflow's own client; the real one also keeps what only a real store keeps."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from integration.harness import go_build
from integration.harness.process import Missing, base_env
from integration.harness.s3 import S3, MotoS3, VersityGW
from integration.harness.skips import skipped_if_missing


@pytest.fixture(scope="module", params=["versitygw", "moto"])
def s3(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    server: S3 = MotoS3() if request.param == "moto" else VersityGW(tmp_path_factory.mktemp("versitygw"))
    with skipped_if_missing(), server:
        yield server


METAFLOW_CLIENT = """
import json
from metaflow import S3
from metaflow.metaflow_config import DATASTORE_SYSROOT_S3
with S3(s3root=DATASTORE_SYSROOT_S3) as s3:
    s3.put_many([("a/%d" % n, "value %d" % n) for n in range(30)])
    found = sorted(o.key for o in s3.list_recursive(["a"]))
    print(json.dumps([len(found), s3.get("a/7").text, s3.get("none", return_missing=True).exists]))
"""


def test_metaflows_client_with_the_servers_environment(s3: S3, tmp_path: Path) -> None:
    env = {**base_env(), **s3.env, "METAFLOW_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", METAFLOW_CLIENT], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [30, "value 7", False]


def test_a_conditional_write_is_won_by_one(s3: S3) -> None:
    def claim(number: int) -> bool:
        try:
            s3.client().put_object(Bucket=s3.bucket, Key="claims/k", Body=b"%d" % number, IfNoneMatch="*")
        except ClientError as refused:
            if refused.response["ResponseMetadata"]["HTTPStatusCode"] in (409, 412):
                return False
            raise
        return True

    # moto answers 500 to some of several writes at once, so it is asked one at a time.
    with ThreadPoolExecutor(1 if isinstance(s3, MotoS3) else 8) as pool:
        assert sorted(pool.map(claim, range(8))) == [False] * 7 + [True]


@pytest.mark.parametrize("s3", ["versitygw"], indirect=True)
def test_the_real_store_refuses_a_wrong_secret(s3: S3) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=s3.url,
        region_name=s3.region,
        aws_access_key_id=s3.access_key,
        aws_secret_access_key="wrong",
    )
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        client.list_objects_v2(Bucket=s3.bucket)


def test_without_go_and_without_a_built_program_the_reason_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Missing, match="versitygw has to be built with Go, which is not on PATH"):
        VersityGW(tmp_path).start()


def test_a_program_in_the_cache_needs_no_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[Path] = []
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(go_build, "_build", lambda module, package, binary: built.append(binary))
    wanted = go_build.go_binary("versitygw", "p")
    wanted.touch()
    assert (go_build.go_binary("versitygw", "p"), len(built)) == (wanted, 1)
