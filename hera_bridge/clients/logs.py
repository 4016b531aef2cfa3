"""What a task printed, among what Argo's executor prints into the log of the same container."""

from __future__ import annotations

from collections.abc import Iterable

EXECUTOR_LINES = 10
"""How many more lines to ask for: the executor prints a few."""
_EXECUTOR = " argo=true"


def last_lines(log: Iterable[str], lines: int) -> tuple[str, ...]:
    """The last lines of a log, without the executor's.

    Example:
        >>> last_lines(["one", "two", "time=… level=INFO msg=… argo=true"], 1)
        ('two',)
    """
    return tuple(line for line in log if _EXECUTOR not in line)[-lines:]
