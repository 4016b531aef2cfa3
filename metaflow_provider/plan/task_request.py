"""What every engine asks the runtime in the same way: what is the same for all tasks of a step."""

from __future__ import annotations

import json
from typing import Any

from .model import FlowPlan, Step


def step_request(plan: FlowPlan, step: Step) -> dict[str, Any]:
    """Fields of the runtime's `TaskRequest`, but for the run, the instances and the tries.

    Example:
        >>> step_request(plan, plan.step("train"))["timeout"]
        3600
    """
    return {
        "flow": plan.flow,
        "datastore": plan.runtime.datastore,
        "datastore_root": plan.runtime.datastore_root,
        "options": [*plan.runtime.options, *(f"--with={spec}" for spec in step.decorators)],
        "tags": list(plan.tags),
        "namespace": plan.namespace,
        "retries": {
            "user": step.retry.user_retries,
            "error": step.retry.error_retries,
            "minutes_between": step.retry.minutes_between,
        },
        "timeout": step.timeout,
    }


def code_variables(plan: FlowPlan) -> dict[str, str]:
    """Variables that name the flow's code, as stock Metaflow sets them on every engine."""
    code = plan.code
    return {
        "METAFLOW_CODE_METADATA": code.metadata if code else "",
        "METAFLOW_CODE_SHA": code.sha if code else "",
        "METAFLOW_CODE_URL": code.url if code else "",
        "METAFLOW_CODE_DS": plan.runtime.datastore,
        "METAFLOW_PRODUCTION_TOKEN": plan.production_token,
        "PYTHONUNBUFFERED": "x",
    }


def deploy_time_values(plan: FlowPlan) -> dict[str, str]:
    """Defaults that were computed as the flow was compiled, which tasks cannot know, as command line text."""
    return {
        parameter.name: value_text(parameter.default)
        for parameter in plan.parameters
        if parameter.deploy_time and parameter.default is not None
    }


def value_text(value: Any) -> str:
    """A parameter's value as text of the command line: JSON unless it is text.

    Example:
        >>> value_text("null"), value_text([1, None]), value_text(False)
        ('null', '[1, null]', 'false')
    """
    return value if isinstance(value, str) else json.dumps(value)
