"""One cluster for all tests, a table at the end, and with `--record` what is kept of a conformance run."""

from __future__ import annotations

import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator

import pytest
from rich.console import Console
from rich.table import Table

from integration.conformance.results import case_of_test, record
from integration.harness.cluster.cluster import Cluster
from integration.harness.cluster.layout import ARGO_VERSIONS
from integration.harness.cluster.running import VERSION, running_cluster
from integration.harness.skips import skipped_if_missing

ENGINE_MARKERS = ("argo", "airflow", "sfn")
OUTCOMES = ("passed", "failed", "skipped")
_WIDTH = 110


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--record` of `make conformance`."""
    parser.addoption(
        "--record", action="store_true", help="keep which cases were equal to run in results.json"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With several workers, each engine's tests stay in order and in one of them.

    Cases of Argo Workflows do not: they wait for pods most of their time.
    """
    for item in items:
        if not item.path.match("conformance/test_argo.py"):
            engines = [name for name in ENGINE_MARKERS if item.get_closest_marker(name)]
            item.add_marker(pytest.mark.xdist_group(engines[0] if engines else "harness"))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A cluster with Argo Workflows; it stays up for all tests that use one."""
    with skipped_if_missing(), running_cluster() as cluster:
        yield cluster


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
    if terminalreporter.config.getoption("--record"):
        _record(terminalreporter)


def _record(terminalreporter: pytest.TerminalReporter) -> None:
    version = os.environ.get(VERSION) or ARGO_VERSIONS[0]
    found = []
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.stats.get(outcome, []):
            case = case_of_test(report.nodeid, version) if isinstance(report, pytest.TestReport) else None
            if case:
                found.append((*case, outcome == "passed"))
    record(found)
