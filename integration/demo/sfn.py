"""The demo on AWS Step Functions: three flows deployed to the local engine and run there.

The engine is moto's interpreter of Amazon States Language, completed, with Batch jobs as local processes. The
results are compared with those of `python flow.py run`.
"""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from integration.conformance.commands import CommandFailed
from integration.conformance.compare import RunSnapshot, differences
from integration.conformance.corpus import Case
from integration.conformance.on_sfn import CONTAINER, run_on_sfn
from integration.conformance.reference import reference
from integration.demo.cases import place_flows
from integration.demo.talk import CONSOLE, DemoFailed, doing, equality, verdict
from integration.harness.sfn.engine import Engine


@dataclass(frozen=True)
class Shown:
    """A flow's run on the engine, and what differs from `python flow.py run`."""

    case: Case
    found: RunSnapshot
    differences: list[str]


def main() -> int:
    """Run the demo; 0 if every run succeeded and equals its reference."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="metaflow-demo-") as name, ThreadPoolExecutor(1) as pool:
        folder = Path(name)
        cases = place_flows(folder / "flows")
        references = {case.name: pool.submit(reference, case, folder / "references") for case in cases}
        (folder / "engine").mkdir()
        with Engine(folder / "engine", container=CONTAINER) as engine:
            shown = []
            for case in cases:
                with doing(f"Deploying {case.flow} to Step Functions and running it"):
                    found = _run(case, engine)
                with doing(f"Comparing it with python {case.file.name} run"):
                    expected = references[case.name].result().snapshot
                    differ = differences(expected, found, ordered=case.ordered, values=case.values)
                shown.append(Shown(case, found, differ))
    for item in shown:
        show(item)
    return summary(shown, time.monotonic() - started)


def _run(case: Case, engine: Engine) -> RunSnapshot:
    try:
        return run_on_sfn(case, engine)
    except CommandFailed as failure:
        raise DemoFailed(str(failure)) from None


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
