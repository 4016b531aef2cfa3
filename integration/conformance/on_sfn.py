"""Runs the corpus on Step Functions: deployed by `step-functions create`, run by the local engine."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from integration.conformance.commands import CommandFailed, run, run_what_is_needed
from integration.conformance.compare import RunSnapshot, differences, snapshot_in
from integration.conformance.corpus import Case, parameter_options, placed
from integration.conformance.reference import USER, reference
from integration.harness.process import base_env, cache_dir
from integration.harness.sfn.engine import Engine
from integration.harness.sfn.names import ACCOUNT, REGION

# Every container draws the same random numbers and hashes as the reference.
CONTAINER = {"PYTHONHASHSEED": "0"}


def environment(engine: Engine) -> dict[str, str]:
    """Variables of who deploys to the engine and reads its runs."""
    return {**base_env(), **engine.env, "METAFLOW_USER": USER, "PYTHONHASHSEED": "0"}


def command(case: Case, flow_file: Path, *arguments: str) -> list[str]:
    """A `step-functions` command of the case's flow, deployed under the case's name."""
    name = [] if case.own_name else ["--name", case.name]
    top = [sys.executable, str(flow_file), "--no-pylint", *case.top_options]
    return [*top, "step-functions", *name, *arguments]


def execution_arn(machine: str, run_id: str) -> str:
    """ARN of a run's execution on the engine."""
    return f"arn:aws:states:{REGION}:{ACCOUNT}:execution:{machine}:{run_id.removeprefix('sfn-')}"


def run_on_sfn(case: Case, engine: Engine, seconds: float = 1800) -> RunSnapshot:
    """Deploy the case, run it, and read the run.

    Raises:
        CommandFailed: the run ended otherwise than the case expects.
    """
    env, folder = environment(engine), engine.folder
    run_what_is_needed(case, env, folder)
    flow_file = placed(case, folder)
    run(command(case, flow_file, "create", *case.run_options), env, folder)
    started = folder / "started.json"
    given = parameter_options(case.parameters)
    run(command(case, flow_file, "trigger", f"--deployer-attribute-file={started}", *given), env, folder)
    told = json.loads(started.read_text())
    run_id = told["pathspec"].split("/")[1]
    ended = engine.ended(execution_arn(told["name"], run_id), seconds)
    if (ended["status"] == "SUCCEEDED") != case.expect_success:
        said = json.dumps(ended, default=str)[-4000:]
        raise CommandFailed(f"case {case.name} ended as {ended['status']}: {said}")
    return snapshot_in(env, case.flow, run_id)


def differences_from_run(case: Case, engine: Engine) -> list[str]:
    """What differs between the case on Step Functions and by `python flow.py run`."""
    expected = reference(case, cache_dir() / "references").snapshot
    found = run_on_sfn(case, engine)
    return differences(expected, found, ordered=case.ordered, values=case.values, logs=case.logs)
