"""`create --only-json` of an engine, beside stock's."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from integration.bench.flows import write_flow
from integration.bench.measured import Measured, measured
from integration.bench.workplace import stock

COLUMNS = ("N", "ours", "stock", "stock / ours", "MB", "stock MB", "bytes a step", "stock's")


@dataclass(frozen=True)
class Compiled:
    """A flow of N steps in a row, compiled by us and by stock."""

    steps: int
    flow: Path
    ours: Measured
    stock: Measured

    def cells(self) -> list[str]:
        """For COLUMNS."""
        ours, other = self.ours, self.stock
        return [
            str(self.steps),
            f"{ours.seconds:.2f} s",
            f"{other.seconds:.2f} s",
            f"{other.seconds / ours.seconds:.0f}",
            f"{ours.megabytes:.0f}",
            f"{other.megabytes:.0f}",
            f"{len(ours.stdout.strip()) / self.steps:.0f}",
            f"{len(other.stdout.strip()) / self.steps:.0f}",
        ]


def table(title: str, *further: str) -> Table:
    """An empty table of what was compiled."""
    found = Table(title=title)
    for column in (*COLUMNS, *further):
        found.add_column(column, justify="right")
    return found


def compiled(command: str, steps: Sequence[int], folder: Path, env: Mapping[str, str]) -> Iterator[Compiled]:
    """Compile flows of some lengths, each once."""
    for length in steps:
        flow = write_flow(folder, f"Steps{length}", length)
        yield Compiled(length, flow, _create(command, flow, env), _create(command, flow, stock(env)))


def _create(command: str, flow: Path, env: Mapping[str, str]) -> Measured:
    line = [sys.executable, flow.name, "--quiet", "--no-pylint", command, "create", "--only-json"]
    return measured(line, env, flow.parent)
