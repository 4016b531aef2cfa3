"""`python -m integration.harness.sfn`, and the example of README.md as it is written."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from integration.harness.process import ROOT, ServerProcess, base_env, wait_until
from integration.harness.sfn.engine import Engine

pytestmark = pytest.mark.sfn

COMMAND = (sys.executable, "-m", "integration.harness.sfn")
FLOW = """
from metaflow import FlowSpec, schedule, step

@schedule(daily=True)
class MyFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass

if __name__ == "__main__":
    MyFlow()
"""


def test_the_environment_is_there_while_the_engine_is_ready(tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    server = ServerProcess([*COMMAND, "--folder", str(tmp_path), "--port", "0"], base_env(), tmp_path / "log")
    try:
        server.wait_for(environment.exists, seconds=60)
        sourced = f'. "{environment}" && "$0" -m integration.harness.sfn fire Nothing'
        fired = _failing("sh", "-c", sourced, sys.executable)
        assert "there is no schedule Nothing" in fired
    finally:
        server.stop()
    assert not environment.exists()
    wait_until(lambda: "Ready at http://127.0.0.1:" in server.log.read_text(), 5, "the line is written")


def test_fire_says_in_one_line_that_no_engine_is_there() -> None:
    assert (
        _failing(*COMMAND, "fire", "MyFlow")
        == "AWS_ENDPOINT_URL is not set: source the engine's environment first\n"
    )
    nobody = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    assert _failing(*COMMAND, "fire", "MyFlow", env=nobody).startswith(
        "no engine answers at http://127.0.0.1:9"
    )


def test_missing_packages_are_one_line() -> None:
    said = _failing(sys.executable, "-S", "-m", "integration.harness.sfn")
    assert len(said.splitlines()) == 1
    assert "needs moto[server], boto3, jsonata-python" in said
    assert "make venv" in said


def test_the_example(engine: Engine, tmp_path: Path) -> None:
    del engine  # its fixture skips where the engine cannot run
    [example] = re.findall(
        r"```python\n(.*?)```", Path(__file__).with_name("README.md").read_text(), re.DOTALL
    )
    (tmp_path / "flow.py").write_text(FLOW)
    (tmp_path / "example.py").write_text(example)
    env = {**base_env(), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "example.py"], env=env, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "SUCCEEDED"


def _failing(*command: str, env: dict[str, str] | None = None) -> str:
    """What a command that fails says on stderr."""
    full = {**base_env(), **(env or {})}
    done = subprocess.run(command, env=full, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stderr
