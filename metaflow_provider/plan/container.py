"""What the container of a step runs: one fixed bash text, which user data reaches only as environment."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from typing import Any

from .model import FlowPlan, Step
from .task_request import code_variables, deploy_time_values, step_request

# A folder of who deploys, which containers do not have.
_LOCAL_ROOT = "METAFLOW_DATASTORE_SYSROOT_LOCAL"
_RUNTIME = "metaflow_extensions.orchestrators.runtime"
# Metaflow's lines call these functions of its own containers, which keep logs; here the entry keeps them.
_PREAMBLE = ("true", "mflog() { echo $1; }", "flush_mflogs() { :; }")


def container_command(
    plan: FlowPlan, step: Step, entry: str = "container", before: Sequence[str] = ()
) -> list[str]:
    """The command that fetches the flow's code, makes the step's Python and runs the task.

    Args:
        plan: the flow.
        step: one of its steps.
        entry: module of the runtime that does something else beside the steps.
        before: bash lines that come first, written for the inside of double quotes.

    Raises:
        ValueError: the plan has no code package.
    """
    if plan.code is None:
        raise ValueError(f"The plan of {plan.flow} has no code package")
    python = step.executable or "python"
    lines = [
        *before,
        *_PREAMBLE,
        *plan.code.commands,
        *step.bootstrap,
        f"exec {python} -m {_RUNTIME}.{entry}",
    ]
    # As Metaflow does: its lines are written for the inside of double quotes.
    return shlex.split(f'bash -c "{" && ".join(lines)}"')


def container_request(
    plan: FlowPlan,
    step: Step,
    run_name_field: str,
    *,
    loop: bool = False,
    **further: Any,
) -> str:
    """JSON of what never changes for a step, for the entry's variable REQUEST.

    Args:
        plan: the flow.
        step: one of its steps.
        run_name_field: under which name tasks register what the engine calls the run.
        loop: the container runs all iterations of a looping step, and tries each again itself.
        further: fields of the runtime's `TaskRequest`.
    """
    request = step_request(plan, step)
    request["flow_file"] = plan.file
    request["retries"]["by_engine"] = not loop
    request["series"] = "1"
    request["run_name_field"] = run_name_field
    request["retries"] |= further.pop("retries", {})
    request |= further
    if loop:
        request["loop"] = True
    if plan.graph.start == step.name:
        request["parameters"] = deploy_time_values(plan)
    return json.dumps(request, separators=(",", ":"))


def container_environment(plan: FlowPlan, step: Step) -> dict[str, str]:
    """Variables of every task of a step; those of `@environment` come last."""
    runtime = {name: value for name, value in plan.runtime.environment.items() if name != _LOCAL_ROOT}
    return {**runtime, **code_variables(plan), **step.environment}
