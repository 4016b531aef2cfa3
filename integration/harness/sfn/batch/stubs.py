"""Jobs that a Python function stands in for: thousands of them need no process each."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class StubbedJob:
    """What a stub is told: what the process would have seen.

    Args:
        id: of the job; `#n` at its end for a node.
        name: of the job.
        definition: name of its job definition.
        attempt: from 1.
        command: with parameters replaced.
        environment: of the definition, the overrides, the secrets and Batch.
    """

    id: str
    name: str
    definition: str
    attempt: int
    command: tuple[str, ...]
    environment: Mapping[str, str]


Stub = Callable[[StubbedJob], int]


class Stubs:
    """Functions by the jobs that they stand in for; they run in the server, several at once.

    Example, in `my_stubs.py`, which the server can import:

        def body(job: StubbedJob) -> int:
            put_object("bucket", f"marks/{job.environment['INDEX']}", b"done")
            return 0
    """

    def __init__(self) -> None:
        self._stubs: dict[str, Stub] = {}

    def add(self, pattern: str, path: str) -> None:
        """Let `module:function` answer, with an exit code, for jobs whose name or definition fits a glob."""
        module, _, function = path.partition(":")
        self._stubs[pattern] = getattr(importlib.import_module(module), function)

    def remove(self, pattern: str) -> None:
        self._stubs.pop(pattern, None)

    def find(self, job_name: str, definition: str) -> Stub | None:
        for pattern, stub in self._stubs.items():
            if fnmatchcase(job_name, pattern) or fnmatchcase(definition, pattern):
                return stub
        return None
