"""How many things were at work at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def most_at_once(spans: Iterable[tuple[Any, Any]]) -> int:
    """The most spans that have begun and not ended; one that ends as another begins is not beside it.

    Args:
        spans: begin and end of each, of any kind that can be compared.
    """
    changes = [change for begin, end in spans for change in ((begin, 1), (end, -1))]
    count = most = 0
    for _, change in sorted(changes):
        count += change
        most = max(most, count)
    return most
