"""Compiled plans on disk, valid as long as nothing that the compilation read has changed."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ._version import __version__
from .plan.model import SCHEMA

# What a flow lacked may be installed by now, which no file of the flow tells.
_RETRY_FAILURE_SECONDS = 60
# How many parts of a flow file's path are the same wherever the flow is.
_PARTS_OF_PATH = 3
# Parts of variables' names that hold what is in no plan.
_SECRET = ("AUTH", "HEADERS", "SECRET", "PASSWORD")
_FIELDS = {"plan", "error", "flow", "dependencies", "conditions"}


@dataclass(frozen=True)
class Entry:
    """What the cache knows of a flow file.

    Attributes:
        plan: JSON of the last plan that compiled; empty if none ever did, or if the file is no flow.
        error: why the last compilation failed; empty if it did not.
        fresh: nothing has changed since the last compilation; one that failed is old after a minute.
    """

    plan: str = ""
    error: str = ""
    fresh: bool = False


class PlanCache:
    """Plans by flow file and the arguments of their compilation, one JSON file each, in `folder`.

    A file that the compilation read counts as unchanged while its time and size, or else its content,
    are the same. `conditions` are what plans depend on besides, and may differ between machines.
    A folder that cannot be used is no error: `problem` then says what is wrong with it.
    """

    def __init__(self, folder: Path, conditions: Iterable[str] = ()) -> None:
        self.problem = ""
        self._folder = folder
        self._conditions = _digest(__version__, str(SCHEMA), *conditions, *_metaflow_variables())

    def look_up(self, flow_file: Path, arguments: Iterable[str]) -> Entry:
        """The entry of a flow file; an empty one if there is none."""
        path = self._path(flow_file, arguments)
        data = self._read(path)
        if data is None:
            return Entry()
        if data["error"] and time.time() - path.stat().st_mtime > _RETRY_FAILURE_SECONDS:
            return Entry(data["plan"], data["error"])
        fresh, touched = _unchanged(data["dependencies"])
        if fresh and touched:
            self._write(path, data)
        return Entry(data["plan"], data["error"], fresh and data["conditions"] == self._conditions)

    def last(self, flow_file: Path, arguments: Iterable[str]) -> Entry | None:
        """The last outcome, for a worker: whatever has changed since, and without writing anything.

        A worker may have the file elsewhere. Then it is the outcome of a file with this content in folders
        of these names, or else, as a worker may have an older version of it, the only one from such folders.
        """
        own = self._read(self._path(flow_file, arguments))
        if own is None:
            pattern = f"{glob.escape(_name(flow_file, arguments))}-*.json"
            others = [data for path in self._folder.glob(pattern) if (data := self._read(path))]
            equal = [data for data in others if data["flow"] == _content(flow_file)]
            outcomes = {(data["plan"], data["error"]) for data in equal or others}
            return Entry(*outcomes.pop()) if len(outcomes) == 1 else None
        return Entry(own["plan"], own["error"])

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
        stamps: dict[str, list[Any]] = {}
        for path in dependencies:
            if path.is_file():
                changed_meanwhile = path.stat().st_mtime >= started
                stamps[str(path)] = [[0, 0], ""] if changed_meanwhile else [_stamp(path), _content(path)]
        _, flow = stamps.get(str(flow_file), [[], ""])
        data = {"plan": plan, "error": error, "flow": flow, "dependencies": stamps}
        self._write(self._path(flow_file, arguments), {**data, "conditions": self._conditions})

    def _path(self, flow_file: Path, arguments: Iterable[str]) -> Path:
        return self._folder / f"{_name(flow_file, arguments)}-{_digest(str(flow_file))[:8]}.json"

    def _read(self, path: Path) -> dict[str, Any] | None:
        """The entry in a file; none if there is no file, or a damaged one."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except OSError as error:
            self.problem = f"{path} cannot be read ({error.strerror}); check [metaflow] plan_cache_folder"
            return None
        except ValueError:
            return None
        return data if isinstance(data, dict) and set(data) >= _FIELDS else None

    def _write(self, path: Path, data: Mapping[str, Any]) -> None:
        # Several processes parse one DAG file at once: write aside, then rename. Workers may be other users,
        # so the file's permissions are those of any new file.
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            try:
                temporary.write_text(json.dumps(data), encoding="utf-8")
                os.replace(temporary, path)
            finally:
                temporary.unlink(missing_ok=True)
        except OSError as error:
            self.problem = (
                f"Compiled plans cannot be kept in {self._folder} ({error.strerror}), so flows are compiled "
                "at every parse; set [metaflow] plan_cache_folder to a folder that can be written to"
            )


def _name(flow_file: Path, arguments: Iterable[str]) -> str:
    """What names a flow's entry on every machine."""
    place = "/".join(flow_file.parts[-_PARTS_OF_PATH:])
    return f"{flow_file.stem}-{_digest(place, *arguments)[:16]}"


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def _metaflow_variables() -> list[str]:
    """Metaflow's variables, which a compilation reads, but for secret ones."""
    return sorted(
        f"{name}={value}"
        for name, value in os.environ.items()
        if name.startswith("METAFLOW_") and not any(part in name for part in _SECRET)
    )


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
