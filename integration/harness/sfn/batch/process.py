"""A container as a local process: its own session, its own folder, its output in a file."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil


class ContainerProcess:
    """Runs a command as a container's runtime does: no shell, output of both kinds in one log.

    Args:
        command: the arguments; the first is looked up on the PATH of `environment`.
        environment: all of it.
        folder: its working directory.
        log: file for its output.

    Raises:
        OSError: the command cannot be started.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path
    ) -> None:
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                list(command),
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._killer: threading.Timer | None = None

    def wait(self, seconds: float | None) -> int | None:
        """Its exit code, 128 + n after signal n; None if it still runs after `seconds`."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        self._end_the_rest()
        return code if code >= 0 else 128 - code

    def stop(self, grace: float) -> None:
        """SIGTERM to all of its processes now, SIGKILL after `grace` seconds; does not wait."""
        self._signal(signal.SIGTERM)
        self._killer = threading.Timer(grace, self.kill)
        self._killer.daemon = True
        self._killer.start()

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _end_the_rest(self) -> None:
        # What the first process started ends with it, but not before its grace.
        if self._killer is not None:
            while self._killer.is_alive() and self._lives():
                time.sleep(0.05)
            self._killer.cancel()
        self.kill()

    def _lives(self) -> bool:
        return any(_is_of(process, self._process.pid) for process in psutil.process_iter())

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


def _is_of(process: psutil.Process, group: int) -> bool:
    """Whether a process is of a group and more than the record of its exit status."""
    try:
        return os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, psutil.NoSuchProcess):
        return False
