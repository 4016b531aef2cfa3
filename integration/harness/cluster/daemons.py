"""Processes that outlive who started them, kept by name and ended by the process id recorded for it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from integration.harness.process import NotStarted, tail, wait_until


@dataclass(frozen=True)
class Daemons:
    """The background processes of one cluster.

    Args:
        pids: the folder of one file a process, with its id and start time: an id alone may by now be
            somebody else's.
        logs: the folder of one log a process.

    Example:
        daemons = Daemons(run / "pids", run / "logs")
        daemons.start("etcd", network.command([kubernetes, "etcd", ...]), env)
        daemons.stop("etcd", seconds=5)
    """

    pids: Path
    logs: Path

    def start(self, name: str, command: Sequence[str], env: Mapping[str, str]) -> None:
        """Start a process in a session of its own, unless it runs already."""
        if self.alive(name):
            return
        self.pids.mkdir(parents=True, exist_ok=True)
        self.logs.mkdir(parents=True, exist_ok=True)
        with self.log(name).open("wb") as out:
            process = subprocess.Popen(
                command,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        recorded = {"pid": process.pid, "started": _start_time(process.pid)}
        self._file(name).write_text(json.dumps(recorded))

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def names(self) -> list[str]:
        """Of all that have been started and not been stopped."""
        return sorted(file.name for file in self.pids.glob("*"))

    def pid(self, name: str) -> int | None:
        """The process's id, None if it does not run."""
        try:
            recorded = json.loads(self._file(name).read_text())
        except FileNotFoundError:
            return None
        started = _start_time(recorded["pid"])
        return recorded["pid"] if started is not None and started == recorded["started"] else None

    def alive(self, name: str) -> bool:
        return self.pid(name) is not None

    def stop(self, names: Iterable[str], seconds: float) -> None:
        """End processes at once: SIGTERM, and after `seconds` (0: at once) SIGKILL."""
        names = list(names)
        if seconds:
            self._signal(names, signal.SIGTERM)
            with suppress(TimeoutError):
                wait_until(lambda: not any(map(self.alive, names)), seconds, "processes end")
        self._signal(names, signal.SIGKILL)
        wait_until(lambda: not any(map(self.alive, names)), 10, f"{', '.join(names)} end")
        for name in names:
            self._file(name).unlink(missing_ok=True)

    def wait_for(self, name: str, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until a process is of use.

        Raises:
            NotStarted: it ended, or was not ready in time; the message holds the end of its log.
        """
        try:
            wait_until(lambda: not self.alive(name) or ready(), seconds, f"{name} is ready")
        except TimeoutError as late:
            raise NotStarted(f"{late}\n{tail(self.log(name))}") from None
        if not self.alive(name):
            raise NotStarted(f"{name} ended\n{tail(self.log(name))}")

    def _signal(self, names: Iterable[str], number: signal.Signals) -> None:
        for name in names:
            pid = self.pid(name)
            if pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)

    def _file(self, name: str) -> Path:
        return self.pids / name


def _start_time(pid: int) -> str | None:
    """When a process was started, in ticks since the machine was; None for one that has ended."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # a child of ours that has ended is kept by the kernel until then
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else fields[19]
