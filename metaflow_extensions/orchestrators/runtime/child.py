"""One forked process: its output, its time limit, its end."""

from __future__ import annotations

import atexit
import ctypes
import os
import selectors
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

TERMINATION_GRACE_SECONDS = 8
_POLL_SECONDS = 0.5
_PR_SET_PDEATHSIG = 1


class Output(Protocol):
    """Takes what the child writes, in pieces as they come."""

    def write(self, stream: str, data: bytes) -> None:
        """`stream` is `stdout` or `stderr`."""
        ...

    def tick(self) -> None:
        """Called at least every half second."""
        ...


@dataclass(frozen=True)
class Ending:
    """How a process ended: its exit status, or minus the signal that killed it."""

    status: int

    def __str__(self) -> str:
        if self.status >= 0:
            return f"exit status {self.status}"
        return f"killed by {signal.Signals(-self.status).name}"


class Terminated(BaseException):
    """SIGTERM came. Not an `Exception`, so that `@catch` does not turn a terminated task into a success."""


class Child:
    """Runs `work` in a fork, with its own process group.

    Args:
        work: what the child does; its exit status is the result.
        output: gets the child's output.
        lifeline: a pipe whose end terminates the child.
        timeout: seconds after which the child is killed.
    """

    def __init__(
        self, work: Callable[[], int], output: Output, lifeline: int | None, timeout: float | None
    ) -> None:
        self._output = output
        self._lifeline = lifeline
        self._deadline = time.monotonic() + timeout if timeout else None
        self._kill_at: float | None = None
        self.worker_is_gone = False
        sys.stdout.flush()
        sys.stderr.flush()
        out, err = os.pipe(), os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            _become(work, out[1], err[1])
        for pipe in (out, err):
            os.close(pipe[1])
        _own_group(self._pid)
        self._streams = {out[0]: "stdout", err[0]: "stderr"}

    def terminate(self) -> None:
        """Ask the child to end; it is killed when it has not after `TERMINATION_GRACE_SECONDS`."""
        if self._kill_at is None:
            self._kill_at = time.monotonic() + TERMINATION_GRACE_SECONDS
            self._signal(signal.SIGTERM)

    def wait(self) -> Ending:
        """Pass on the output until the child has ended, then end what it left behind."""
        with selectors.DefaultSelector() as selector:
            for descriptor in self._streams:
                os.set_blocking(descriptor, False)
                selector.register(descriptor, selectors.EVENT_READ)
            if self._lifeline is not None:
                selector.register(self._lifeline, selectors.EVENT_READ)
            status = None
            while status is None:
                self._pump(selector)
                self._enforce_limits()
                status = self._ended(block=not self._open(selector))
            self._pump(selector, 0)
        for descriptor in self._streams:
            os.close(descriptor)
        self._signal(signal.SIGKILL)
        return Ending(os.waitstatus_to_exitcode(status))

    def _pump(self, selector: selectors.BaseSelector, wait: float = _POLL_SECONDS) -> None:
        for key, _ in selector.select(wait):
            if key.fd == self._lifeline:
                selector.unregister(key.fd)
                self.worker_is_gone = True
                _discard_own_output()
                self._output.write("stderr", b"The worker that started this task is gone: the task ends\n")
                self.terminate()
                continue
            data = os.read(key.fd, 65536)
            if data:
                self._output.write(self._streams[key.fd], data)
            else:
                selector.unregister(key.fd)
        self._output.tick()

    def _open(self, selector: selectors.BaseSelector) -> bool:
        return any(descriptor in self._streams for descriptor in selector.get_map())

    def _ended(self, block: bool) -> int | None:
        if block and self._kill_at is None and self._deadline is None:
            return os.waitpid(self._pid, 0)[1]
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        return status if pid else None

    def _enforce_limits(self) -> None:
        now = time.monotonic()
        if self._deadline is not None and now > self._deadline:
            print("The time limit has passed: the task is killed", file=sys.stderr, flush=True)
            self._deadline, self._kill_at = None, now
        if self._kill_at is not None and now >= self._kill_at:
            self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, number)


def run_quietly(work: Callable[[], None]) -> bool:
    """Do `work` in a fork and wait for it: what it opens is closed with it.

    A failure is printed; returns whether there was none.
    """

    def status() -> int:
        work()
        return 0

    pid = os.fork()
    if pid == 0:
        _finish(status)
    return os.waitpid(pid, 0)[1] == 0


def _become(work: Callable[[], int], out: int, err: int) -> None:
    _own_group(0)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.dup2(out, 1)
    os.dup2(err, 2)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _raise_terminated)
    _finish(work)


def _discard_own_output() -> None:
    """Its reader is gone: to write would raise `BrokenPipeError`, in the middle of ending the child."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    os.close(null)


def _own_group(pid: int) -> None:
    # Both sides do it, so that neither has to wait for the other.
    with suppress(PermissionError, ProcessLookupError):
        os.setpgid(pid, pid)


def _raise_terminated(number: int, frame: object) -> None:
    raise Terminated


def _finish(work: Callable[[], int]) -> None:
    """Leave the process as an interpreter does at its end, without unwinding into the parent's code."""
    atexit._clear()
    status = 1
    try:
        status = work()
    except SystemExit as ending:
        status = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    except Terminated:
        status = 128 + signal.SIGTERM
    except BaseException:
        traceback.print_exc()
    finally:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
