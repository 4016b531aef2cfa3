"""`airflow create`, beside stock's."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from integration.bench.flows import write_flow
from integration.bench.workplace import Workplace, create, stock

STEPS = (3, 500)
TIMES = 5


def measure(place: Workplace) -> Iterator[Table]:
    table = Table(title=f"airflow create of N steps in a row, on S3 (best of {TIMES})")
    for column in ("N", "ours", "stock", "stock / ours"):
        table.add_column(column, justify="right", min_width=14)
    for steps in STEPS:
        ours, other = _measure_flow(place, steps)
        table.add_row(str(steps), f"{ours:.2f} s", f"{other:.2f} s", f"{other / ours:.1f}")
    yield table


def _measure_flow(place: Workplace, steps: int) -> tuple[float, float]:
    """Seconds of our command and of stock's, which take turns."""
    folder = place.subfolder(f"creating_{steps}")
    flow = write_flow(folder, f"Created{steps}", steps)
    ours, other = folder / "ours.py", folder / "stock.py"
    rounds = [
        (create(flow, ours, place.s3.env), create(flow, other, stock(place.s3.env))) for _ in range(TIMES)
    ]
    return min(seconds for seconds, _ in rounds), min(seconds for _, seconds in rounds)
