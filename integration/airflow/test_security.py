"""No secret leaves the place where it is kept: not in plans, DAG files, Airflow's database, code or logs."""

from __future__ import annotations

import gzip
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.airflow.engine import Engine, create, write_flow
from integration.conformance.canonical import canonical
from integration.conformance.compare import snapshot_in
from integration.conformance.on_airflow import make_home
from integration.harness.airflow.tester import dag_test
from metaflow_extensions.orchestrators.core.ids import airflow_run_id

pytestmark = pytest.mark.airflow

STEPS = """
@step
def start(self):
    self.has_headers = "METAFLOW_SERVICE_HEADERS" in os.environ
    self.next(self.end)

@step
def end(self):
    print("told the service")
"""


@pytest.fixture
def secret_key() -> str:
    return f"canary-{secrets.token_hex(8)}"


@pytest.fixture
def secret_env(engine: Engine, secret_key: str) -> dict[str, str]:
    """Where people have secrets when they deploy, or in their workers' environment."""
    return {
        **engine.metadata,
        "METAFLOW_SERVICE_HEADERS": engine.headers_json,
        "AWS_ACCESS_KEY_ID": "key-id",
        "AWS_SECRET_ACCESS_KEY": secret_key,
    }


def test_headers_from_a_connection_reach_the_service_and_nothing_else(
    engine: Engine, secret_env: dict[str, str], secret_key: str
) -> None:
    flow = engine.deploy("ByConnection", STEPS, env=secret_env)
    run_id = engine.start(flow)
    assert engine.finished(flow, run_id).state == "success"
    run = engine.read(flow, run_id, secret_env)
    assert run.successful
    assert {task.key.step: task.stdout for task in run.tasks}["end"] == ("told the service",)
    assert run.tasks[-1].artifacts["has_headers"] == canonical(True)
    assert list(files_with([secret_key, engine.secret], engine.folder)) == []


def test_headers_from_the_workers_environment_reach_the_service_and_nothing_else(
    engine: Engine, secret_env: dict[str, str], secret_key: str, tmp_path: Path
) -> None:
    home = make_home(tmp_path)
    home.env = {**home.env, **secret_env}
    create(home, write_flow(tmp_path / "flows", "ByEnvironment", STEPS))
    run = dag_test(home, "ByEnvironment")
    assert run.state == "success"
    left = snapshot_in(home.env, "ByEnvironment", airflow_run_id(run.run_id, "ByEnvironment"))
    assert left.successful
    assert list(files_with([secret_key, engine.secret], tmp_path)) == []


def test_a_secret_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("a canary-1 b")
    (tmp_path / "packed").write_bytes(gzip.compress(b"a canary-2 b"))
    assert {path.name for path in files_with(["canary-1", "canary-2"], tmp_path)} == {"plain", "packed"}


def files_with(secrets: list[str], folder: Path) -> Iterator[Path]:
    """The files below a folder that hold one of the texts, as they are or gzipped."""
    for root, _, names in os.walk(folder):
        for name in names:
            path = Path(root, name)
            content = path.read_bytes() if path.is_file() else b""
            if content.startswith(b"\x1f\x8b"):
                content = gzip.decompress(content)
            if any(secret.encode() in content for secret in secrets):
                yield path
