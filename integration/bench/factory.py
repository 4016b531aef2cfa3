"""Loading a folder of flows by the DAG factory: none compiled yet, all compiled, one of them changed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from integration.bench.flows import hand_written_dag, linear_flow, write_flow
from integration.bench.loaded import load
from integration.bench.stock_file import loadable
from integration.bench.workplace import Workplace, create, stock

FLOWS = 20
STEPS = 6
TIMES = 5
_DAG_FILE = 'from metaflow_provider import load_flows  # airflow dag\n\nload_flows(globals(), "flows")\n'


@dataclass(frozen=True)
class Situation:
    """What is loaded, and what happens before each load; `before` is given the number of the load."""

    what: str
    path: Path
    before: Callable[[int], object] = lambda number: None
    times: int = TIMES
    target: str = ""


def measure(place: Workplace) -> Iterator[Table]:
    table = Table(title=f"Loading {FLOWS} flows of {STEPS} steps, in fresh processes")
    for column in ("", "load", "best of", "DAGs", "last good plans", "slow imports", "target"):
        table.add_column(column, justify="left" if column in ("", "slow imports", "target") else "right")
    for situations in (_of_the_factory(place), _of_other_files(place)):
        for situation in situations:
            table.add_row(*_row(situation, place))
        table.add_section()
    yield table


def _of_the_factory(place: Workplace) -> Iterator[Situation]:
    """In this order: each leaves the folder as the next one expects it."""
    dag_file = _write_folder(place)
    plans = place.local.folder / "metaflow_plans"
    flow = dag_file.parent / "flows" / "flow0.py"
    text = flow.read_text()
    yield Situation("none compiled yet", dag_file, lambda number: shutil.rmtree(plans, True), times=1)
    yield Situation("nothing has changed", dag_file, target="<= 0.2 s")
    yield Situation("one touched, its content the same", dag_file, lambda number: os.utime(flow))
    yield Situation("one changed", dag_file, lambda number: flow.write_text(f"{text}\n# {number}\n"))
    yield Situation("one broken", dag_file, lambda number: flow.write_text(f"{text}\ndef f{number}(:\n"))
    yield Situation("one broken, as it was before", dag_file)


def _of_other_files(place: Workplace) -> Iterator[Situation]:
    yield Situation("stock's files, patched", _stock_files(place))
    yield Situation("BashOperator, a file per DAG", _hand_written_files(place))


def _row(situation: Situation, place: Workplace) -> tuple[str, ...]:
    loads = []
    for number in range(situation.times):
        situation.before(number)
        loads.append(load(situation.path, place.local.env))
    best = min(loads, key=lambda loaded: loaded.seconds)
    counts = (str(situation.times), str(best.dags), str(best.not_up_to_date))
    imported = ", ".join(best.imported) or "none"
    return (situation.what, f"{best.seconds:.3f} s", *counts, imported, situation.target)


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
