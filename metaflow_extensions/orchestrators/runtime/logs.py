"""Keeps a try's output: passes it on at once, and saves it where Metaflow's client looks for it."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from typing import IO, Protocol

from .child import run_quietly
from .request import TaskRequest

# The first upload of a running task's output, and how much longer each next pause is.
_FIRST_SAVE_SECONDS = 5.0
_PAUSE_GROWTH = 1.5
_LONGEST_PAUSE_SECONDS = 60.0
_STREAMS = ("stdout", "stderr")


class Attempted(Protocol):
    """A try: which task it is of, and, once that is known, which attempt it is."""

    @property
    def step(self) -> str:
        """Name of the step."""
        ...

    @property
    def task_id(self) -> str:
        """Metaflow's id of the task."""
        ...

    def attempt(self) -> int | None:
        """The attempt's number; `None` until it is known."""
        ...


class LogKeeper:
    """Output of one try, in Metaflow's log format (`metaflow.mflog`), kept in open files."""

    def __init__(self, request: TaskRequest, work: Attempted, files: dict[str, IO[bytes]]) -> None:
        from metaflow.mflog import TASK_LOG_SOURCE
        from metaflow.mflog.mflog import decorate

        self._request = request
        self._work = work
        self._files = files
        self._source = TASK_LOG_SOURCE
        self._decorate = decorate
        self._open_line = dict.fromkeys(_STREAMS, b"")
        self._unsaved = True
        self._pause = _FIRST_SAVE_SECONDS
        self._save_at = time.monotonic() + self._pause

    def write(self, stream: str, data: bytes) -> None:
        """Pass on `data` of `stream`, and keep it."""
        own = sys.stdout.buffer if stream == "stdout" else sys.stderr.buffer
        with suppress(BrokenPipeError):  # the worker died just now, which the lifeline tells next
            own.write(data)
            own.flush()
        *lines, self._open_line[stream] = (self._open_line[stream] + data).split(b"\n")
        self._keep(stream, lines)

    def tick(self) -> None:
        """Save what has come, now and then, so that a running task's output can be read."""
        if self._unsaved and time.monotonic() > self._save_at:
            self._save()
            self._pause = min(self._pause * _PAUSE_GROWTH, _LONGEST_PAUSE_SECONDS)
            self._save_at = time.monotonic() + self._pause

    def save(self) -> None:
        """Save everything, the try being over."""
        for stream, rest in self._open_line.items():
            self._keep(stream, [rest] if rest else [])
        self._open_line = dict.fromkeys(_STREAMS, b"")
        self._save()

    def _keep(self, stream: str, lines: list[bytes]) -> None:
        for line in lines:
            self._files[stream].write(self._decorate(self._source, line) + b"\n")
        self._unsaved = self._unsaved or bool(lines)

    def _save(self) -> None:
        attempt = self._work.attempt()
        if attempt is None or not self._unsaved:
            return
        self._unsaved = False
        for file in self._files.values():
            file.flush()
        run_quietly(lambda: self._upload(attempt))

    def _upload(self, attempt: int) -> None:
        from metaflow.util import Path

        from .attempts import flow_datastore

        target = flow_datastore(self._request).get_task_datastore(
            self._request.run_id, self._work.step, self._work.task_id, attempt=attempt, mode="w"
        )
        target.save_logs(self._source, {stream: Path(file.name) for stream, file in self._files.items()})
