"""Looking again and again until something has happened."""

from __future__ import annotations

import time
from collections.abc import Iterator


def looks(every: float, seconds: float | None) -> Iterator[None]:
    """One item for each look: the first at once, the others after `every` seconds, the last after `seconds`.

    Example:
        >>> for _ in looks(every=2, seconds=60):
        ...     if run.status != "RUNNING":
        ...         break
    """
    end = None if seconds is None else time.monotonic() + seconds
    while True:
        yield
        left = every if end is None else end - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(every, left))
