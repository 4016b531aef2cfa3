"""Loading a folder of flows by the DAG factory: with nothing compiled yet, with all, and with one that changed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.table import Table

from integration.bench.flows import hand_written_dag, linear_flow, write_flow
from integration.bench.loaded import Loaded, load
from integration.bench.stock_file import loadable
from integration.bench.workplace import Workplace, create, stock

FLOWS = 20
STEPS = 6
TIMES = 5
_DAG_FILE = 'from metaflow_provider import load_flows  # airflow dag\n\nload_flows(globals(), "flows")\n'


def measure(place: Workplace) -> Iterator[Table]:
    dag_file = _write_folder(place)
    flow = dag_file.parent / "flows" / "flow0.py"
    table = Table(title=f"Loading {FLOWS} flows of {STEPS} steps, in a fresh process")
    for column in ("", "seconds", "best of", "DAGs", "last good plan", "slow imports", "target"):
        table.add_column(column, justify="right" if column in ("seconds", "best of", "DAGs") else "left")

    def row(what: str, target: str, path: Path, before: Callable[[int], object], times: int = TIMES) -> None:
        found = [_load_after(before, time, path, place) for time in range(times)]
        best = min(found, key=lambda loaded: loaded.seconds)
        imported = ", ".join(best.imported) or "none"
        numbers = (f"{best.seconds:.3f}", str(times), str(best.dags), str(best.not_up_to_date))
        table.add_row(what, *numbers, imported, target)

    text = flow.read_text()
    row("cold: every flow is compiled", "", dag_file, lambda time: _forget_plans(place), times=1)
    row("warm: nothing has changed", "<= 0.2 s", dag_file, lambda time: None)
    row("one touched, its content the same", "", dag_file, lambda time: os.utime(flow))
    row("one changed", "", dag_file, lambda time: flow.write_text(f"{text}\n# change {time}\n"))
    row("one broken", "", dag_file, lambda time: flow.write_text(f"{text}\ndef broken_{time}(:\n"))
    row("one broken, seen before", "", dag_file, lambda time: None)
    table.add_section()
    row("stock, patched: a file per flow", "", _stock_files(place), lambda time: None)
    row("BashOperator: a file per DAG", "", _hand_written_files(place), lambda time: None)
    yield table


def _load_after(before: Callable[[int], object], time: int, path: Path, place: Workplace) -> Loaded:
    before(time)
    return load(path, place.local.env)


def _write_folder(place: Workplace) -> Path:
    folder = place.subfolder("factory")
    flows = folder / "flows"
    flows.mkdir()
    for number in range(FLOWS):
        (flows / f"flow{number}.py").write_text(linear_flow(f"Flow{number}", STEPS))
    (folder / ".airflowignore").write_text("flows/\n")
    dag_file = folder / "flows_dag.py"
    dag_file.write_text(_DAG_FILE)
    return dag_file


def _forget_plans(place: Workplace) -> None:
    shutil.rmtree(place.local.folder / "metaflow_plans", ignore_errors=True)


def _stock_files(place: Workplace) -> Path:
    """A folder with a file for each flow; they differ in name only, so one is compiled and then copied."""
    folder = place.subfolder("factory_stock")
    flow = write_flow(place.subfolder("factory_stock_flow"), "Flow0", STEPS)
    first = folder / "flow0.py"
    create(flow, first, stock(place.s3.env))
    text = loadable(first.read_text())
    for number in range(FLOWS):
        (folder / f"flow{number}.py").write_text(text.replace("Flow0", f"Flow{number}"))
    return folder


def _hand_written_files(place: Workplace) -> Path:
    folder = place.subfolder("factory_hand")
    for number in range(FLOWS):
        (folder / f"dag{number}.py").write_text(hand_written_dag(f"dag{number}", STEPS))
    return folder
