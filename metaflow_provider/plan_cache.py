"""Compiled plans on disk, valid as long as nothing that the compilation read has changed."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ._version import __version__
from .plan.model import SCHEMA

# What a flow lacked may be installed by now, which no file of the flow tells.
_RETRY_FAILURE_SECONDS = 60


# How much of a flow file's path names it.
_PARTS_OF_PATH = 3
# Parts of variables' names that hold what is in no plan.
_SECRET = ("AUTH", "HEADERS", "SECRET", "PASSWORD")


@dataclass(frozen=True)
class Entry:
    """What the cache knows of a flow file.

    Attributes:
        plan: JSON of the last plan that compiled; empty if none ever did.
        error: why the last compilation failed; empty if it did not.
        fresh: nothing has changed since the last compilation; one that failed is old after a minute.
    """

    plan: str = ""
    error: str = ""
    fresh: bool = False


class PlanCache:
    """Plans by flow file and the arguments of their compilation, one JSON file each, in `folder`.

    A file that the compilation read counts as unchanged while its time and size, or else its content,
    are the same.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def look_up(self, flow_file: Path, arguments: Iterable[str]) -> Entry:
        """The entry of a flow file; an empty one if there is none."""
        path = self._path(flow_file, arguments)
        data = _read(path)
        if data is None:
            return Entry()
        if data["error"] and time.time() - path.stat().st_mtime > _RETRY_FAILURE_SECONDS:
            return Entry(data["plan"], data["error"])
        fresh, touched = _unchanged(data["dependencies"])
        if fresh and touched:
            self._write(path, data)
        return Entry(data["plan"], data["error"], fresh and data["settings"] == _settings())

    def store(
        self,
        flow_file: Path,
        arguments: Iterable[str],
        plan: str,
        error: str,
        dependencies: Iterable[Path],
        started: float,
    ) -> None:
        """Keep the outcome of a compilation that read `dependencies` and started at the time `started`."""
        stamps = {}
        for path in dependencies:
            if path.is_file():
                changed_meanwhile = path.stat().st_mtime >= started
                stamps[str(path)] = [[0, 0], ""] if changed_meanwhile else [_stamp(path), _content(path)]
        data = {"plan": plan, "error": error, "dependencies": stamps, "settings": _settings()}
        self._write(self._path(flow_file, arguments), data)

    def _path(self, flow_file: Path, arguments: Iterable[str]) -> Path:
        # Workers may have the same files elsewhere, and other variables; they must find the entry, too.
        place = "/".join(flow_file.parts[-_PARTS_OF_PATH:])
        key = "\0".join([__version__, str(SCHEMA), place, *arguments])
        return self._folder / f"{flow_file.stem}-{hashlib.sha256(key.encode()).hexdigest()[:24]}.json"

    def _write(self, path: Path, data: Mapping[str, Any]) -> None:
        # Several processes parse one DAG file at once: write aside, then rename.
        self._folder.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=self._folder)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(data, file)
        os.replace(temporary, path)


def _read(path: Path) -> dict[str, Any] | None:
    """The entry in a file; none if there is no file, or a damaged one."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    complete = isinstance(data, dict) and {"plan", "error", "dependencies", "settings"} <= set(data)
    return data if complete else None


def _settings() -> str:
    """Digest of Metaflow's variables, which a compilation reads, but for secret ones."""
    variables = sorted(
        f"{name}={value}"
        for name, value in os.environ.items()
        if name.startswith("METAFLOW_") and not any(part in name for part in _SECRET)
    )
    return hashlib.sha256("\0".join(variables).encode()).hexdigest()


def _unchanged(dependencies: dict[str, list[Any]]) -> tuple[bool, bool]:
    """Whether all files are as they were, and whether a time stamp was brought up to date."""
    touched = False
    for name, entry in dependencies.items():
        path = Path(name)
        try:
            stamp = _stamp(path)
            if stamp == entry[0]:
                continue
            if _content(path) != entry[1]:
                return False, touched
        except OSError:
            return False, touched
        entry[0], touched = stamp, True
    return True, touched


def _stamp(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_mtime_ns, status.st_size]


def _content(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
