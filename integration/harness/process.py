"""What the servers share: an environment, a free port, a process that is awaited and stopped."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import psutil
import requests
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

if TYPE_CHECKING:
    from typing_extensions import Self

ROOT = Path(__file__).resolve().parents[2]
CONFIGURES = ("METAFLOW_", "AIRFLOW", "AWS_", "VGW_")


class Missing(RuntimeError):
    """A server cannot run on this machine; the message names what is missing, for the reason of a skip."""


class NotStarted(RuntimeError):
    """A server ended, or did not answer in time; the message holds the end of its log."""


def base_env() -> dict[str, str]:
    """The caller's environment without what configures Metaflow, Airflow or AWS, and with a user's name.

    `python` is the running interpreter and proxies are not asked for loopback addresses. Bytecode is kept:
    without it each of Airflow's processes compiles a thousand modules again (2.4 s instead of 1.0 s).
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith(CONFIGURES)}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), env.get("PATH", os.defpath)])
    env["NO_PROXY"] = env["no_proxy"] = "127.0.0.1,localhost"
    env["METAFLOW_USER"] = "tester"
    return env


def cache_dir() -> Path:
    """The folder for what is built once a machine: `$XDG_CACHE_HOME/metaflow-orchestrators`."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(home) / "metaflow-orchestrators"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def free_port() -> int:
    """A port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(condition: Callable[[], bool], seconds: float, what: str, poll: float = 0.05) -> None:
    """Ask `condition` again and again until it is true.

    Raises:
        TimeoutError: after `seconds`, naming `what` was awaited.
    """
    attempts = Retrying(
        stop=stop_after_delay(seconds), wait=wait_fixed(poll), retry=retry_if_result(lambda met: not met)
    )
    try:
        attempts(condition)
    except RetryError:
        raise TimeoutError(f"{what}: not within {seconds:g} s") from None


def answers(url: str, headers: Mapping[str, str] | None = None) -> bool:
    """Whether a GET of `url` is answered with a status below 400."""
    try:
        with requests.Session() as session:
            session.trust_env = False
            return session.get(url, headers=headers, timeout=20).ok
    except (requests.ConnectionError, requests.Timeout):
        return False


class ServerProcess:
    """One process in a session of its own, writing to a log file; `stop` ends it and its descendants by pid.

    Example:
        server = ServerProcess(["versitygw", ...], env, Path("logs/s3.log"))
        server.wait_for(lambda: answers("http://127.0.0.1:7070/health"), seconds=10)
        server.stop()
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str], log: Path, cwd: Path = ROOT) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self.name = log.stem
        self.log = log
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                command,
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_for(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until `ready()`.

        Raises:
            NotStarted: the process ended, or was not ready in time and has been stopped.
        """
        try:
            wait_until(lambda: self._process.poll() is not None or ready(), seconds, f"{self.name} is ready")
        except TimeoutError as late:
            self.stop()
            raise NotStarted(f"{late}\n{tail(self.log)}") from None
        if self._process.poll() is not None:
            raise NotStarted(f"{self.name} ended with status {self._process.returncode}\n{tail(self.log)}")

    def stop(self, seconds: float = 10) -> None:
        """Ask the process to end; after `seconds` kill it, and whatever it started that still runs."""
        stop_trees([self._process], seconds)


def stop_together(servers: Iterable[ServerProcess], seconds: float = 10) -> None:
    """Stop several servers at once."""
    stop_trees([server._process for server in servers], seconds)


def stop_trees(processes: Sequence[subprocess.Popen[bytes]], seconds: float) -> None:
    """End processes (SIGTERM, SIGKILL after `seconds`) and their descendants, whatever their session."""
    alive = [process for process in processes if process.poll() is None]
    descendants = _descendants(alive)
    for process in alive:
        process.terminate()
    deadline = time.monotonic() + seconds
    for process in alive:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
    late = [process for process in alive if process.poll() is None]
    descendants += _descendants(late)
    for process in late:
        process.kill()
        process.wait()
    for descendant in descendants:
        # psutil compares the start time, so a pid that by now belongs to somebody else is left alone.
        with suppress(psutil.NoSuchProcess):
            descendant.kill()
    psutil.wait_procs(descendants, timeout=5)


def _descendants(processes: Iterable[subprocess.Popen[bytes]]) -> list[psutil.Process]:
    return [child for process in processes for child in psutil.Process(process.pid).children(recursive=True)]


def tail(log: Path, lines: int = 30) -> str:
    """The last lines of a log file, under its name."""
    text = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join([f"--- end of {log}", *text[-lines:]])


class Server:
    """A context manager that starts and stops a server: what the classes of the harness have in common."""

    def start(self) -> None:
        """Start it and wait until it answers."""
        raise NotImplementedError

    def stop(self) -> None:
        """Stop what runs of it, also after a start that failed half-way."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        started = time.monotonic()
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        self.seconds_to_start = time.monotonic() - started
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
