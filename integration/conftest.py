"""A table at the end of a run: what ran on which engine, and what was skipped."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict

import pytest
from rich.console import Console
from rich.table import Table

OUTCOMES = ("passed", "failed", "skipped")
_WIDTH = 110


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the number of tests by file and outcome, with the time that they took."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    seconds: defaultdict[str, float] = defaultdict(float)
    for outcome, reports in terminalreporter.stats.items():
        for report in reports:
            if not isinstance(report, pytest.TestReport):
                continue
            file = report.location[0]
            seconds[file] += report.duration
            counts[file]["failed" if outcome == "error" else outcome] += outcome in (*OUTCOMES, "error")
    table = Table("file", *OUTCOMES, "seconds", title="Real engines", title_justify="left")
    for file in sorted(counts):
        row = [str(counts[file][outcome] or "") for outcome in OUTCOMES]
        table.add_row(file, *row, f"{seconds[file]:.0f}")
    total = [str(sum(counts[file][outcome] for file in counts) or "") for outcome in OUTCOMES]
    table.add_section()
    table.add_row("all", *total, f"{sum(seconds.values()):.0f}")
    if counts:
        Console(file=sys.stdout, width=None if sys.stdout.isatty() else _WIDTH).print(table)
