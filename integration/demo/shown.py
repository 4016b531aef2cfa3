"""What became of the demo's flows on an engine, beside `python flow.py run`."""

from __future__ import annotations

from dataclasses import dataclass

from rich.table import Table

from integration.conformance.compare import RunSnapshot
from integration.conformance.corpus import Case
from integration.demo.talk import CONSOLE, equality, verdict


@dataclass(frozen=True)
class Shown:
    """A flow's run on the engine, and what differs from `python flow.py run`."""

    case: Case
    found: RunSnapshot
    differences: list[str]


def show(item: Shown) -> None:
    """The tasks of a run and the artifacts that Metaflow's client reads."""
    table = Table(title=item.case.flow, title_justify="left")
    for column in ("task", "attempts", "state", "artifacts"):
        table.add_column(column, overflow="ellipsis")
    for task in item.found.tasks:
        names = ", ".join(name for name in task.artifacts if not name.startswith("_"))
        table.add_row(str(task.key), str(len(task.attempts)), "ok" if task.ok else "failed", names)
    CONSOLE.print(table)
    for line in item.differences:
        CONSOLE.print(f"[red]differs:[/red] {line}")


def summary(shown: list[Shown], seconds: float) -> int:
    """A line for every flow, and the verdict."""
    table = Table("flow", "tasks", "equals python flow.py run", title="Summary", title_justify="left")
    for item in shown:
        table.add_row(item.case.flow, str(len(item.found.tasks)), equality(item.case, item.differences))
    CONSOLE.print(table)
    return verdict(all(item.found.successful and not item.differences for item in shown), seconds)
