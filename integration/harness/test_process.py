"""A server that does not start says why, and one that is stopped leaves nothing behind."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil
import pytest

from integration.harness.process import NotStarted, Server, ServerProcess, base_env, wait_until

# Starts a child in a session of its own, and both shrug at SIGTERM.
STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print(child.pid, flush=True)
time.sleep(600)
"""


def server(tmp_path: Path, code: str) -> ServerProcess:
    return ServerProcess([sys.executable, "-c", code], base_env(), tmp_path / "logs" / "server.log")


def test_a_stopped_server_and_its_descendants_are_gone(tmp_path: Path) -> None:
    stubborn = server(tmp_path, STUBBORN)
    wait_until(lambda: stubborn.log.read_text().endswith("\n"), 10, "the child has started")
    child = int(stubborn.log.read_text())
    stubborn.stop(seconds=0.2)
    assert not psutil.pid_exists(stubborn.pid)
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_a_server_that_ends_while_it_starts_shows_the_end_of_its_log(tmp_path: Path) -> None:
    with pytest.raises(NotStarted, match=r"server ended with status 3\n--- end of .*server.log\nno disk"):
        server(tmp_path, "print('no disk'); raise SystemExit(3)").wait_for(lambda: False, seconds=10)


def test_a_server_that_is_never_ready_is_stopped(tmp_path: Path) -> None:
    silent = server(tmp_path, "import time; time.sleep(600)")
    with pytest.raises(NotStarted, match=r"server is ready: not within 0\.2 s"):
        silent.wait_for(lambda: False, seconds=0.2)
    assert not psutil.pid_exists(silent.pid)


def test_no_setting_of_the_caller_reaches_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("METAFLOW_PROFILE", "AIRFLOW__CORE__PARALLELISM", "AIRFLOW_HOME", "AWS_PROFILE"):
        monkeypatch.setenv(name, "mine")
    monkeypatch.setenv("KEPT", "mine")
    assert [name for name, value in base_env().items() if value == "mine"] == ["KEPT"]


class FailsHalfWay(Server):
    def __init__(self, tmp_path: Path) -> None:
        self._tmp_path = tmp_path

    def start(self) -> None:
        self.process = server(self._tmp_path, "import time; time.sleep(600)")
        raise OSError("no bucket")

    def stop(self) -> None:
        self.process.stop()


def test_a_start_that_fails_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    half = FailsHalfWay(tmp_path)
    with pytest.raises(OSError, match="no bucket"), half:
        pass
    assert not psutil.pid_exists(half.process.pid)
