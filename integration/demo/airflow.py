"""The demo on Apache Airflow: three flows, each by the DAG factory and by its generated file.

A flow of Metaflow's documentation and two of its tutorials, which nobody here wrote, run by Airflow itself
(SQLite, no scheduler: `dag.test()`), and their results are compared with those of `python flow.py run`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from integration.conformance.compare import RunSnapshot, differences, snapshot_in
from integration.conformance.corpus import Case
from integration.conformance.on_airflow import make_home
from integration.conformance.reference import Reference, reference
from integration.demo.cases import EXAMPLE, place_flows
from integration.demo.talk import CONSOLE, DemoFailed, doing, equality, verdict
from integration.harness.airflow.home import AirflowHome
from integration.harness.airflow.runs import DagRun
from integration.harness.airflow.tester import DagTester
from integration.harness.s3 import MotoS3
from metaflow_extensions.orchestrators.core.ids import airflow_run_id

FACTORY_FILE = 'from metaflow_provider import load_flows  # airflow dag\n\nload_flows(globals(), "flows")\n'


@dataclass(frozen=True)
class Shown:
    """One DAG run of the demo: how its DAG was loaded, and what differs from `python flow.py run`."""

    case: Case
    loaded_by: str
    run: DagRun
    found: RunSnapshot
    differences: list[str]


def main() -> int:
    """Run the demo; 0 if every run succeeded and equals its reference."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="metaflow-demo-") as name:
        folder = Path(name)
        home = make_home(folder)
        cases = place_dags(home)
        with ThreadPoolExecutor(1) as pool:
            references = {case.name: pool.submit(reference, case, folder / "references") for case in cases}
            with doing("Compiling the flows: generated DAG files, and a folder for the DAG factory"):
                generated = {case.name: create(case, home) for case in cases}
            with doing("Compiling the flow with its @kubernetes lines, on an S3 store on loopback"):
                kubernetes = compile_with_kubernetes(folder)
            shown = list(run_all(cases, generated, home, references))
        for item in shown:
            show(item)
        return summary(shown, kubernetes, time.monotonic() - started)


def place_dags(home: AirflowHome) -> list[Case]:
    """The flows in one folder beside the DAG file that loads it."""
    (home.dags / "flows_dag.py").write_text(FACTORY_FILE)
    (home.dags / ".airflowignore").write_text("flows/\n")
    return place_flows(home.dags / "flows")


def create(case: Case, home: AirflowHome) -> str:
    """`airflow create` under a name of its own, beside the factory's DAG of the flow; returns the name."""
    name = f"{case.flow}.generated"
    file = home.dags / f"{case.file.stem}_dag.py"
    command = [sys.executable, str(case.file), "--no-pylint", "airflow", "--name", name, "create", str(file)]
    run(command, home, home.folder)
    return name


def run(command: list[str], home: AirflowHome, folder: Path) -> str:
    """Run a command; returns what it said on stderr.

    Raises:
        DemoFailed: it failed; the message is what it said.
    """
    done = subprocess.run(command, env=home.env, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise DemoFailed(f"{' '.join(command[1:])} failed:\n{done.stdout}{done.stderr}")
    return done.stderr


def compile_with_kubernetes(folder: Path) -> list[str]:
    """Compile the flow as the documentation has it; returns what the command said of @kubernetes."""
    flow = folder / "kubernetes" / "etl_flow.py"
    flow.parent.mkdir()
    text = EXAMPLE.read_text().replace("import FlowSpec", "import FlowSpec, kubernetes")
    for step, cpu in (("extract", 2), ("transform", 4)):
        line = f"    @kubernetes(cpu={cpu}, memory={4000 * cpu})\n"
        text = text.replace(f"    @step\n    def {step}", f"{line}    @step\n    def {step}")
    flow.write_text(text)
    with MotoS3() as s3:
        home = make_home(folder / "on_s3", s3.env)
        command = [
            sys.executable,
            str(flow),
            "--no-pylint",
            "airflow",
            "create",
            str(home.dags / "etl_dag.py"),
        ]
        said = run(command, home, flow.parent)
    return [line.strip() for line in said.replace("\x1b[K", "").splitlines() if "@kubernetes" in line]


def run_all(
    cases: list[Case], generated: dict[str, str], home: AirflowHome, references: dict[str, Future[Reference]]
) -> Iterator[Shown]:
    with DagTester(home) as tester:
        for case in cases:
            for dag_id, loaded_by in ((case.flow, "DAG factory"), (generated[case.name], "generated file")):
                with doing(f"Running {dag_id} on Airflow, loaded by the {loaded_by}"):
                    run = tester.run(dag_id)
                    found = snapshot_in(home.env, case.flow, airflow_run_id(run.run_id, dag_id))
                with doing(f"Comparing it with python {case.file.name} run"):
                    expected = references[case.name].result().snapshot
                yield Shown(case, loaded_by, run, found, differences(expected, found, values=case.values))


def show(item: Shown) -> None:
    """The tasks of a run with state, time, and the artifacts that Metaflow's client reads."""
    table = Table(title=f"{item.run.dag_id} ({item.loaded_by}): {item.run.state}", title_justify="left")
    for column in ("task", "instance", "state", "seconds", "artifacts"):
        table.add_column(column, justify="right" if column == "seconds" else "left", overflow="ellipsis")
    artifacts: dict[tuple[str, int], str] = {}
    for task in item.found.tasks:
        names = ", ".join(name for name in task.artifacts if not name.startswith("_"))
        artifacts[task.key.step, task.key.index[-1] if task.key.index else -1] = names
    order = {step: place for place, step in enumerate(dict.fromkeys(t.task_id for t in item.run.tasks))}
    for instance in sorted(item.run.tasks, key=lambda task: (order[task.task_id], task.map_index)):
        number = "" if instance.map_index < 0 else str(instance.map_index)
        seconds = "" if instance.duration is None else f"{instance.duration:.1f}"
        own = artifacts.get((instance.task_id, instance.map_index), "")
        table.add_row(instance.task_id, number, instance.state or "", seconds, own)
    CONSOLE.print(table)
    for line in item.differences:
        CONSOLE.print(f"[red]differs:[/red] {line}")


def summary(shown: list[Shown], kubernetes: list[str], seconds: float) -> int:
    table = Table(title="Summary", title_justify="left")
    for column in ("flow", "loaded by", "tasks", "state", "equals python flow.py run"):
        table.add_column(column)
    for item in shown:
        equal = equality(item.case, item.differences)
        table.add_row(item.case.flow, item.loaded_by, str(len(item.run.tasks)), item.run.state, equal)
    CONSOLE.print(table)
    for line in kubernetes:
        CONSOLE.print(f"With @kubernetes, on S3: {line}")
    good = all(item.run.state == "success" and not item.differences for item in shown) and bool(kubernetes)
    return verdict(good, seconds)
