"""Step Functions beside stock: what a deployment takes to compile, how large it is, what a run costs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from integration.bench import compiling
from integration.bench.overhead import COUNTING, script
from integration.bench.workplace import Workplace, stock
from integration.conformance.on_sfn import environment, execution_arn
from integration.harness.process import ROOT
from integration.harness.sfn.engine import Engine
from metaflow_provider.plan import loads
from sfn import Settings
from sfn.translation.machine import translate
from sfn.translation.translator import Translator

STEPS = (10, 100, 500)
CORPUS = ROOT / "integration" / "conformance" / "flows"
# Flows that stock takes, with options of `create` that make its states and ours comparable, and of `trigger`.
RUNS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "linear": ((), ()),
    "required_parameter": ((), ("--text=a", "--count=1", "--flag=true", "--data=[]")),
    "static_split": ((), ()),
    "foreach_one_step": (("--no-use-distributed-map",), ()),
}


def measure(place: Workplace) -> Iterator[Table]:
    folder = place.subfolder("step_functions")
    with Engine(folder) as engine:
        env = environment(engine)
        yield _compiling(folder, env)
        yield _running(engine, env)


def _compiling(folder: Path, env: Mapping[str, str]) -> Table:
    title = "step-functions create --only-json of N steps in a row (one run each; stock asks AWS)"
    table = compiling.table(title, "translation")
    for found in compiling.compiled("step-functions", STEPS, folder, env):
        table.add_row(*found.cells(), f"{_translation(found.flow, env):.3f} s")
    return table


def _translation(flow: Path, env: Mapping[str, str]) -> float:
    """Seconds from a plan to the definition's text."""
    command = [sys.executable, flow.name, "--quiet", "--no-pylint", "airflow", "plan", "--no-upload"]
    text = subprocess.run(command, env=dict(env), cwd=flow.parent, check=True, capture_output=True, text=True)
    plan = loads(_on_batch(text.stdout))
    started = time.perf_counter()
    translate(Translator(plan, Settings(queue="queue"))).machine.to_json()
    return time.perf_counter() - started


def _on_batch(text: str) -> str:
    """The plan with what @batch says of every step, as the commands of Step Functions attach it."""
    plan = json.loads(text)
    attributes = {"cpu": "1", "memory": "4096", "image": "python", "iam_role": "role"}
    for step in plan["steps"]:
        step["compute"] = {"platform": "batch", "attributes": attributes}
    return json.dumps(plan)


def _running(engine: Engine, env: Mapping[str, str]) -> Table:
    table = Table(title="History events, states entered and starts of Python of a run")
    for column in ("flow", "events", "stock", "states", "stock", "starts a task", "stock"):
        table.add_column(column, justify="left" if column == "flow" else "right")
    for name, (options, values) in RUNS.items():
        ours, other = (
            _run(engine, each, CORPUS / f"{name}.py", machine, more, values)
            for each, machine, more in ((env, f"{name}-ours", options), (stock(env), f"{name}-stock", ()))
        )
        pairs = ((ours.events, other.events), (ours.states, other.states), (ours.starts, other.starts))
        table.add_row(name, *(str(figure) for pair in pairs for figure in pair))
    return table


@dataclass(frozen=True)
class _Run:
    """What a run cost.

    Attributes:
        events: of its history.
        states: entered.
        starts: of Python for each task, by what was started.
    """

    events: int
    states: int
    starts: str


def _run(
    engine: Engine,
    env: Mapping[str, str],
    flow: Path,
    machine: str,
    options: tuple[str, ...],
    values: tuple[str, ...],
) -> _Run:
    started, starts = engine.folder / "started.json", engine.folder / f"{machine}.starts"
    variables = json.dumps({"PYTHONPATH": str(COUNTING), "BENCH_STARTS": str(starts)})
    counted = f"--with=environment:vars={variables}"
    command = [sys.executable, str(flow), "--quiet", "--no-pylint", counted]
    command += ["step-functions", "--name", machine]
    for rest in (("create", *options), ("trigger", *values, f"--deployer-attribute-file={started}")):
        subprocess.run([*command, *rest], env=dict(env), cwd=engine.folder, check=True, capture_output=True)
    run_id = json.loads(started.read_text())["pathspec"].split("/")[1]
    arn = execution_arn(machine, run_id)
    if engine.ended(arn, 600)["status"] != "SUCCEEDED":
        raise RuntimeError(f"{machine} did not succeed")
    pages = engine.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=arn)
    events = [event for page in pages for event in page["events"]]
    jobs = sum(event.get("taskScheduledEventDetails", {}).get("resourceType") == "batch" for event in events)
    states = sum(event["type"].endswith("StateEntered") for event in events)
    return _Run(len(events), states, _starts(starts.read_text().splitlines(), jobs))


def _starts(commands: Sequence[str], tasks: int) -> str:
    counts = Counter(re.sub(r"^-m .*\.", "", script(command)) for command in commands)
    each = ", ".join(f"{count / tasks:.1f} {name}" for name, count in sorted(counts.items()))
    return f"{len(commands) / tasks:.1f}: {each}"
