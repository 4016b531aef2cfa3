"""One attempt of a job: as a process, or by a stub."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from integration.harness.sfn.batch.process import ContainerProcess
from integration.harness.sfn.batch.retries import EXITED, HOST_LOST, NOT_STARTED, TIMED_OUT, Ending
from integration.harness.sfn.batch.stubs import Stub, StubbedJob


class Attempt(Protocol):
    def run(self, seconds: float | None) -> Ending:
        """Run it, at most so many seconds."""

    def stop(self, reason: str) -> None:
        """End it, from another thread."""

    def lose_host(self) -> None:
        """Take the machine away under it, from another thread."""


class ProcessAttempt:
    """An attempt as a process in a fresh folder, which is its home and is removed after it.

    Args:
        command: as in the container.
        environment: all of it but HOME and TMPDIR.
        log: file for its output.
        folder: where the fresh folder is made.
        grace: seconds between SIGTERM and SIGKILL.

    Raises:
        CannotStart: there is no such command.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        folder: Path,
        grace: float,
    ) -> None:
        self._grace = grace
        self._ending: Ending | None = None
        self._folder = Path(tempfile.mkdtemp(prefix="job-", dir=folder))
        home = {"HOME": str(self._folder), "TMPDIR": str(self._folder)}
        try:
            self._process = ContainerProcess(command, {**environment, **home}, self._folder, log)
        except OSError as error:
            shutil.rmtree(self._folder)
            raise CannotStart(f"CannotStartContainerError: {error}") from None

    def run(self, seconds: float | None) -> Ending:
        code = self._process.wait(seconds)
        if code is None:
            self._ending = self._ending or Ending(TIMED_OUT)
            self._process.stop(self._grace)
            self._process.wait(None)
        shutil.rmtree(self._folder, ignore_errors=True)
        return self._ending or Ending(EXITED, code)

    def stop(self, reason: str) -> None:
        self._ending = self._ending or Ending(reason)
        self._process.stop(self._grace)

    def lose_host(self) -> None:
        self._ending = self._ending or Ending(HOST_LOST.format(instance=f"i-{secrets.token_hex(8)}"))
        self._process.kill()


class StubAttempt:
    """An attempt by a function, which cannot be stopped; what it raises is its log, and exit code 1."""

    def __init__(self, stub: Stub, job: StubbedJob, log: Path) -> None:
        self._stub = stub
        self._job = job
        self._log = log

    def run(self, seconds: float | None) -> Ending:
        try:
            return Ending(EXITED, self._stub(self._job))
        except Exception:  # whatever a stub raises is the failure of its job
            self._log.write_text(traceback.format_exc())
            return Ending(EXITED, 1)

    def stop(self, reason: str) -> None:
        """It goes on to its end."""

    def lose_host(self) -> None:
        """It goes on to its end."""


class CannotStart(Exception):
    """The container could not be started; the message is what its agent reports."""

    @property
    def ending(self) -> Ending:
        return Ending(NOT_STARTED, reason=str(self))
