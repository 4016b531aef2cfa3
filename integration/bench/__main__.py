"""`python -m integration.bench`: the figures, printed beside their targets. It fails on none of them."""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from integration.bench import argo_workflows, creating, factory, loading, overhead, step_functions
from integration.bench.workplace import Workplace
from integration.conformance.on_airflow import make_home
from integration.harness.s3 import MotoS3

MEASUREMENTS: dict[str, Callable[[Workplace], Iterator[Table]]] = {
    "Loading generated files": loading.measure,
    "Loading by the DAG factory": factory.measure,
    "Compiling": creating.measure,
    "Running tasks": overhead.measure,
    "Step Functions": step_functions.measure,
    "Argo Workflows": argo_workflows.measure,
}
CONSOLE = Console(width=None if sys.stdout.isatty() else 130, highlight=False)


def main() -> None:
    started = time.monotonic()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # one line a request otherwise
    versions = ", ".join(f"{name} {version(name)}" for name in ("apache-airflow", "metaflow"))
    CONSOLE.print(f"{versions}, Python {sys.version.split()[0]}")
    with tempfile.TemporaryDirectory(prefix="metaflow-bench-") as name, MotoS3() as s3:
        folder = Path(name)
        place = Workplace(folder, make_home(folder / "on_local"), make_home(folder / "on_s3", s3.env))
        for what, measure in MEASUREMENTS.items():
            with CONSOLE.status(what):
                tables = list(measure(place))
            for table in tables:
                CONSOLE.print(table)
    CONSOLE.print(f"Measured in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
