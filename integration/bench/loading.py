"""Loading one generated DAG file, beside stock's and beside a DAG written by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from integration.bench.flows import hand_written_dag, write_flow
from integration.bench.loaded import Loaded, quickest
from integration.bench.stock_file import loadable
from integration.bench.workplace import Workplace, create, stock

STEPS = (10, 100, 500)
TIMES = 7
TARGETS = {("load", 500): "<= 0.15 s"}
_COLUMNS = ("", "N", "ours", "stock, patched", "BashOperator", "stock / ours", "ours / Bash", "target")


@dataclass(frozen=True)
class Measured:
    """One generated or hand-written file, and its quickest load."""

    file: Path
    load: Loaded


def measure(place: Workplace) -> Iterator[Table]:
    folder = place.subfolder("loading")
    table = Table(title=f"Loading a DAG of N steps in a row (best of {TIMES} fresh processes)")
    for column in _COLUMNS:
        table.add_column(column, justify="left" if column in ("", "target") else "right", no_wrap=True)
    found = {steps: _measure_files(place, folder, steps) for steps in STEPS}
    for what, value, form in _ROWS:
        for steps, kinds in found.items():
            ours, other, hand = (value(measured) for measured in kinds)
            ratios = (f"{other / ours:.1f}", f"{ours / hand:.1f}")
            target = TARGETS.get((what, steps), "")
            table.add_row(what, str(steps), form(ours), form(other), form(hand), *ratios, target)
        table.add_section()
    imported = [", ".join(measured.load.imported) or "none" for measured in found[STEPS[-1]]]
    table.add_row("slow imports", "any", *imported, "", "", "none")
    yield table


def _measure_files(place: Workplace, folder: Path, steps: int) -> list[Measured]:
    """Our file, stock's and the one written by hand, of a flow with that many steps."""
    flow = write_flow(folder, f"Linear{steps}", steps)
    files = [folder / f"{kind}_{steps}.py" for kind in ("ours", "stock", "hand")]
    ours, other, hand = files
    create(flow, ours, place.s3.env)
    create(flow, other, stock(place.s3.env))
    other.write_text(loadable(other.read_text()))
    hand.write_text(hand_written_dag(f"hand_{steps}", steps))
    loads = quickest(files, place.s3.env, TIMES)
    return [Measured(file, load) for file, load in zip(files, loads, strict=True)]


def _seconds(value: float) -> str:
    return f"{value:.3f} s"


def _kilobytes(value: float) -> str:
    return f"{value / 1000:.1f} KB"


def _megabytes(value: float) -> str:
    return f"{value:.1f} MB"


_ROWS: tuple[tuple[str, Callable[[Measured], float], Callable[[float], str]], ...] = (
    ("load", lambda measured: measured.load.seconds, _seconds),
    ("load again, same process", lambda measured: measured.load.again, _seconds),
    ("memory of the load", lambda measured: measured.load.megabytes, _megabytes),
    ("DAG file", lambda measured: measured.file.stat().st_size, _kilobytes),
    ("serialised DAG", lambda measured: measured.load.serialised, _kilobytes),
)
