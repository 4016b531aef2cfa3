"""Runs what a request asks for: its instances, their loop iterations and their tries, one after the other.

Each try is a fork of this process, which has imported Metaflow and done nothing else: so a request costs
one Python start, and no connection is ever shared between processes.
"""

from __future__ import annotations

import select
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import TypeVar

from ..core.ids import TaskRef
from .child import Child, Ending, run_quietly
from .execution import NOT_RUN, ParametersTask, StepTask, Try
from .logs import LogKeeper
from .request import Record, TaskRequest

# Beyond @timeout, for code that Metaflow's own alarm cannot interrupt.
TIMEOUT_MARGIN_SECONDS = 60

TryT = TypeVar("TryT", bound=Try)

TRY_AGAIN = 1
FAILED_FOR_GOOD = 3
TERMINATED = 128 + signal.SIGTERM


class TaskFailed(Exception):
    """A task did not succeed; `status` is the exit status that tells the engine whether to try again."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def _import_once(request: TaskRequest) -> None:
    """Import before the forks what each of them would, a third of a second in all."""
    import metaflow

    if request.datastore == "s3":
        with suppress(ImportError):  # of boto3, which Metaflow misses where it needs it
            import metaflow.plugins.datatools.s3.s3op  # noqa: F401


class Supervisor:
    """See the module's docstring.

    Args:
        request: what to run.
        lifeline: descriptor of a pipe whose other end the engine's worker holds: when the worker dies,
            the task ends too.
    """

    def __init__(self, request: TaskRequest, lifeline: int | None = None) -> None:
        _import_once(request)
        self._request = request
        self._lifeline = lifeline
        self._child: Child | None = None
        self._terminated = False
        signal.signal(signal.SIGTERM, self._on_terminate)
        signal.signal(signal.SIGINT, self._on_terminate)

    def run(self) -> list[Record]:
        """Run everything; raises `TaskFailed` at the first task that fails for good."""
        with tempfile.TemporaryDirectory(prefix="metaflow-task-") as folder:
            if self._request.parameters is not None:
                self._run_once(ParametersTask(self._request))
            return [self._member(index, Path(folder)) for index in self._request.members]

    def _member(self, index: tuple[int, ...], folder: Path) -> Record:
        iteration = self._request.iteration
        while True:
            record = self._task(TaskRef(self._request.step, index, iteration), folder)
            if not (self._request.loop and record.next == (self._request.step,)):
                return Record(index, record.next, record.n, iteration + 1 if self._request.loop else 0)
            iteration += 1

    def _task(self, task: TaskRef, folder: Path) -> Record:
        retries = self._request.retries
        if retries.by_engine:
            return self._try_for_engine(task, folder)
        for left in range(retries.user + retries.error, 0, -1):
            try:
                return self._try(StepTask(self._request, folder, task, left - retries.error))
            except TaskFailed as failure:
                if failure.status != TRY_AGAIN:
                    raise
                print(f"{failure}; {left} more", flush=True)
                self._wait(60 * retries.minutes_between)
        try:
            return self._try(StepTask(self._request, folder, task, -retries.error))
        except TaskFailed as failure:
            raise TaskFailed(str(failure), max(failure.status, FAILED_FOR_GOOD)) from None

    def _try_for_engine(self, task: TaskRef, folder: Path) -> Record:
        retries = self._request.retries
        work = StepTask(self._request, folder, task, retries.left)
        try:
            return self._try(work)
        except TaskFailed as failure:
            if not retries.losses_are_free:
                raise
            if failure.status == TERMINATED:
                run_quietly(work.note_lost)
            if failure.status == TRY_AGAIN and work.is_last:
                raise TaskFailed(str(failure), FAILED_FOR_GOOD) from None
            raise

    def _try(self, work: StepTask) -> Record:
        self._run_once(work)
        record = work.record()
        if record is None:
            raise TaskFailed(f"{work} failed: the step left its process by exit status 0", TRY_AGAIN)
        return record

    def _run_once(self, work: TryT) -> TryT:
        if self._terminated:
            raise TaskFailed(f"{work} was not started: the task was terminated", TERMINATED)
        timeout = self._request.timeout
        with tempfile.NamedTemporaryFile() as stdout, tempfile.NamedTemporaryFile() as stderr:
            logs = LogKeeper(self._request, work, {"stdout": stdout, "stderr": stderr})
            self._child = Child(work.run, logs, self._lifeline, timeout and timeout + TIMEOUT_MARGIN_SECONDS)
            if self._terminated:  # the signal came before there was a child to hand it to
                self._child.terminate()
            ending = self._child.wait()
            self._terminated = self._terminated or self._child.worker_is_gone
            self._child = None
            logs.save()
        if self._terminated:
            raise TaskFailed(f"{work} was terminated", TERMINATED)
        if ending == Ending(NOT_RUN) and work.attempt() is None:
            raise TaskFailed(f"{work} was not run", FAILED_FOR_GOOD)
        if ending != Ending(0):
            raise TaskFailed(f"{work} failed: {ending}", TRY_AGAIN)
        return work

    def _wait(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        lifeline = [self._lifeline] if self._lifeline is not None else []
        while not self._terminated:
            left = max(0.0, deadline - time.monotonic())
            if select.select(lifeline, [], [], min(left, 1))[0]:
                self._terminated = True
            elif not left:
                return

    def _on_terminate(self, number: int, frame: FrameType | None) -> None:
        self._terminated = True
        if self._child is not None:
            self._child.terminate()
