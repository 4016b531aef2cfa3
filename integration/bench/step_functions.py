"""Step Functions beside stock: what a deployment takes to compile, how large it is, what a run costs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.table import Table

from integration.bench.flows import write_flow
from integration.bench.measured import Measured, measured
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
# Flows that stock takes, with options that make its states and ours comparable.
RUNS = {"linear": (), "static_split": (), "foreach_one_step": ("--no-use-distributed-map",)}


def measure(place: Workplace) -> Iterator[Table]:
    folder = place.subfolder("step_functions")
    with Engine(folder) as engine:
        env = environment(engine)
        yield _compiling(folder, env)
        yield _running(engine, env)


def _compiling(folder: Path, env: Mapping[str, str]) -> Table:
    table = Table(
        title="step-functions create --only-json of N steps in a row (one run each; stock asks AWS)"
    )
    columns = (
        "N",
        "ours",
        "stock",
        "stock / ours",
        "MB",
        "stock MB",
        "bytes a step",
        "stock's",
        "translation",
    )
    for column in columns:
        table.add_column(column, justify="right")
    for steps in STEPS:
        flow = write_flow(folder, f"Steps{steps}", steps)
        ours, other = _create(flow, env), _create(flow, stock(env))
        table.add_row(
            str(steps),
            f"{ours.seconds:.2f} s",
            f"{other.seconds:.2f} s",
            f"{other.seconds / ours.seconds:.0f}",
            f"{ours.megabytes:.0f}",
            f"{other.megabytes:.0f}",
            f"{len(ours.stdout.strip()) / steps:.0f}",
            f"{len(other.stdout.strip()) / steps:.0f}",
            f"{_translation(flow, env):.3f} s",
        )
    return table


def _create(flow: Path, env: Mapping[str, str]) -> Measured:
    command = [sys.executable, flow.name, "--quiet", "--no-pylint", "step-functions", "create", "--only-json"]
    return measured(command, env, flow.parent)


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
    table = Table(title="History events and states entered of a run")
    for column in ("flow", "events", "stock", "states entered", "stock"):
        table.add_column(column, justify="left" if column == "flow" else "right")
    for name, options in RUNS.items():
        ours, other = (
            _history(engine, each, CORPUS / f"{name}.py", machine, more)
            for each, machine, more in ((env, f"{name}-ours", options), (stock(env), f"{name}-stock", ()))
        )
        table.add_row(name, str(ours[0]), str(other[0]), str(ours[1]), str(other[1]))
    return table


def _history(
    engine: Engine, env: Mapping[str, str], flow: Path, machine: str, options: tuple[str, ...]
) -> tuple[int, int]:
    """Events, and states entered, of a run."""
    started = engine.folder / "started.json"
    command = [sys.executable, str(flow), "--quiet", "--no-pylint", "step-functions", "--name", machine]
    for rest in (("create", *options), ("trigger", f"--deployer-attribute-file={started}")):
        subprocess.run([*command, *rest], env=dict(env), cwd=engine.folder, check=True, capture_output=True)
    run_id = json.loads(started.read_text())["pathspec"].split("/")[1]
    arn = execution_arn(machine, run_id)
    if engine.ended(arn, 600)["status"] != "SUCCEEDED":
        raise RuntimeError(f"{machine} did not succeed")
    pages = engine.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=arn)
    types = [event["type"] for page in pages for event in page["events"]]
    return len(types), sum(kind.endswith("StateEntered") for kind in types)
