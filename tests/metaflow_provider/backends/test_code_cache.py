from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowFailException

from integration.harness.s3 import MotoS3
from metaflow_provider.backends.code_cache import unpacked
from metaflow_provider.plan import FlowPlan
from metaflow_provider.plan.model import CodePackage
from tests.metaflow_provider.plans import RUNTIME, plan


def package(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


BLOB = package({"train.py": "flow", ".mf_code/helper.py": "helper"})


def plan_of(blob: bytes, url: str, environment: dict[str, str] | None = None) -> FlowPlan:
    code = CodePackage(url, hashlib.sha1(blob).hexdigest(), digest="d")
    return plan(code=code, runtime=replace(RUNTIME, environment=environment or {}))


def address(root: str, blob: bytes = BLOB) -> str:
    """Where Metaflow's content-addressed store in `root` has a package."""
    sha = hashlib.sha1(blob).hexdigest()
    return f"{root}/{sha[:2]}/{sha}"


def save(folder: Path, blob: bytes) -> Path:
    file = Path(address(str(folder), blob))
    file.parent.mkdir(parents=True)
    file.write_bytes(blob)
    return file


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    return save(tmp_path / "store", BLOB)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "code"


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*.py"))
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files}


FILES = {"train.py": "flow", ".mf_code/helper.py": "helper"}


def test_a_package_is_fetched_once(stored: Path, cache: Path) -> None:
    flow = plan_of(BLOB, str(stored))
    folder = unpacked(flow, cache)
    assert contents(folder) == FILES
    stored.unlink()
    assert unpacked(flow, cache) == folder


def test_another_package_has_another_folder(stored: Path, cache: Path, tmp_path: Path) -> None:
    one = unpacked(plan_of(BLOB, str(stored)), cache)
    newer = package({"train.py": "newer"})
    other = unpacked(plan_of(newer, str(save(tmp_path, newer))), cache)
    assert (contents(one), contents(other)) == (FILES, {"train.py": "newer"})


def refused(flow: FlowPlan, cache: Path) -> str:
    with pytest.raises(AirflowFailException) as refusal:
        unpacked(flow, cache)
    assert not cache.exists() or list(cache.iterdir()) == []
    return str(refusal.value)


def test_a_package_that_is_gone(cache: Path) -> None:
    url = address("/gone")
    message = refused(plan_of(BLOB, url), cache)
    assert message == (
        f"The code package of Train cannot be used: {url} is not there any more; deploy the flow again"
    )


def test_a_package_with_other_content(stored: Path, cache: Path) -> None:
    flow = plan_of(BLOB, str(stored))
    stored.write_bytes(BLOB + b"x")
    assert refused(flow, cache) == (
        f"The code package of Train cannot be used: {stored} holds something else; deploy the flow again"
    )


def test_a_plan_without_package(cache: Path) -> None:
    assert refused(plan(code=None), cache) == "The plan of Train has no code package; deploy the flow again"


def test_a_store_that_processes_do_not_know(cache: Path) -> None:
    assert "processes cannot read gs:// yet" in refused(plan_of(BLOB, address("gs://bucket")), cache)


def test_a_file_that_would_leave_the_folder_is_not_unpacked(tmp_path: Path, cache: Path) -> None:
    hostile = package({"../outside.py": "x"})
    with pytest.raises(tarfile.FilterError):
        unpacked(plan_of(hostile, str(save(tmp_path, hostile))), cache)
    assert not (cache / "outside.py").exists()
    assert list(cache.iterdir()) == []


def test_many_tasks_unpack_at_once(tmp_path: Path, cache: Path) -> None:
    blob = package({f"module_{number}.py": "text" * 500 for number in range(200)})
    flow = plan_of(blob, str(save(tmp_path, blob)))
    with ThreadPoolExecutor(8) as tasks:
        counts = list(tasks.map(lambda _: len(contents(unpacked(flow, cache))), range(8)))
    assert counts == [200] * 8
    assert len(list(cache.iterdir())) == 1, "nothing is left beside the package"


@pytest.fixture(scope="module")
def s3() -> Iterator[MotoS3]:
    with MotoS3() as server:
        yield server


def test_packages_on_s3(s3: MotoS3, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.env.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    url = address(f"s3://{s3.bucket}/flows")
    s3.client().put_object(Bucket=s3.bucket, Key=address("flows"), Body=BLOB)
    # The plan says where the store is, whatever the worker's own environment says.
    monkeypatch.setenv("METAFLOW_S3_ENDPOINT_URL", "http://127.0.0.1:9")
    environment = {"METAFLOW_S3_ENDPOINT_URL": s3.url}
    assert contents(unpacked(plan_of(BLOB, url, environment), cache)) == FILES
    elsewhere = cache / "other"
    for root in (f"s3://{s3.bucket}/gone", "s3://no-such-bucket/flows"):
        message = refused(plan_of(BLOB, address(root), environment), elsewhere)
        assert message == (
            f"The code package of Train cannot be used: {address(root)} is not there any more; "
            "deploy the flow again"
        )
    nowhere = {"METAFLOW_S3_ENDPOINT_URL": "http://127.0.0.1:9"}
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    assert f"{url} cannot be read: Could not connect" in refused(plan_of(BLOB, url, nowhere), elsewhere)
