"""Who uses a cluster that tests have started: the last one to leave takes it down, in whichever process."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from filelock import FileLock

_STARTED = "started"
_USER = "user-"


class Users:
    """The users of one cluster, as files of a folder; those of processes that have ended count no more.

    Args:
        folder: is kept between the cluster's lives.

    Example:
        with users.using(cluster.is_up, cluster.down):
            cluster.up()
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._lock = FileLock(folder / "lock")

    @contextmanager
    def using(self, is_up: Callable[[], bool], down: Callable[[], None]) -> Iterator[None]:
        """Be a user. A cluster that was up before the first of them stays up.

        Args:
            is_up: whether the cluster runs.
            down: ends it.
        """
        mine = self._folder / f"{_USER}{os.getpid()}-{uuid.uuid4().hex[:8]}"
        with self._lock:
            if not self._others() and not is_up():
                (self._folder / _STARTED).touch()
            mine.touch()
        try:
            yield
        finally:
            with self._lock:
                mine.unlink()
                if not self._others() and (self._folder / _STARTED).exists():
                    down()
                    (self._folder / _STARTED).unlink()

    def _others(self) -> list[Path]:
        found = []
        for file in self._folder.glob(f"{_USER}*"):
            if psutil.pid_exists(int(file.name.split("-")[1])):
                found.append(file)
            else:
                file.unlink()
        return found
