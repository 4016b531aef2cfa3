"""`airflow create`, beside stock's."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from integration.bench.flows import write_flow
from integration.bench.workplace import Workplace, create, stock

STEPS = (3, 500)
TIMES = 3


def measure(place: Workplace) -> Iterator[Table]:
    folder = place.subfolder("creating")
    table = Table(title=f"`airflow create` of N steps in a row, on S3 (best of {TIMES})")
    for column in ("N", "ours", "stock", "stock / ours"):
        table.add_column(column, justify="right")
    for steps in STEPS:
        flow = write_flow(folder, f"Created{steps}", steps)
        ours, other = (
            min(create(flow, folder / f"{kind}_{steps}.py", env) for _ in range(TIMES))
            for kind, env in (("ours", place.s3.env), ("stock", stock(place.s3.env)))
        )
        table.add_row(str(steps), f"{ours:.2f} s", f"{other:.2f} s", f"{other / ours:.1f}")
    yield table
