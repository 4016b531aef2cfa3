"""What the demos print: what is being done, tables, the verdict."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from integration.conformance.corpus import Case

CONSOLE = Console(width=None if sys.stdout.isatty() else 110, highlight=False)


class DemoFailed(Exception):
    """A command of the demo failed; the message says what it said."""


@contextmanager
def doing(what: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    started = time.monotonic()
    with CONSOLE.status(what):
        yield
    CONSOLE.print(f"[dim]{time.monotonic() - started:5.1f} s[/dim]  {what}")


def equality(case: Case, differences: list[str]) -> str:
    """Whether a run equals its reference, in a table's cell."""
    if differences:
        return f"no: {len(differences)} differences"
    return "yes" if case.values else "yes (tasks and structure: its values are random)"


def verdict(good: bool, seconds: float) -> int:
    """Say whether all of it holds; the exit status."""
    said = "[green]All of it holds[/green]" if good else "[red]Something does not hold[/red]"
    CONSOLE.print(f"{said}, in {seconds:.0f} s")
    return 0 if good else 1
