"""What a state machine's Comment says of its flow, for those who have neither the flow's file nor its plan.

https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
"""

from __future__ import annotations

import json
import re
from typing import Any

from metaflow_provider.plan import FlowPlan
from metaflow_provider.plan.model import Parameter

_OURS = "metaflow"
_SHA = re.compile(r"[0-9a-f]{40}")
_TYPES = ("str", "int", "float", "bool", "json", "file")


def comment_of(plan: FlowPlan) -> str:
    """The Comment of a plan's machine: the flow, who translated it, and what a run may be given.

    Example:
        >>> comment_of(plan)
        '{"metaflow": {"flow": "Train", "parameters": {"alpha": {"type": "int"}}, "version": "1.0"}}'
    """
    parameters = {parameter.name: _description(parameter) for parameter in plan.parameters}
    said: dict[str, Any] = {"flow": plan.flow, "version": plan.version, "parameters": parameters}
    if plan.code is not None:
        said["package"] = plan.code.sha
    return json.dumps({_OURS: said}, sort_keys=True)


def parameters_in(definition: str) -> tuple[Parameter, ...]:
    """Parameters that the flow of a definition has, as far as its Comment tells; without their defaults."""
    try:
        described = _said(definition)["parameters"]
        return tuple(_parameter(name, description) for name, description in described.items())
    except (AttributeError, KeyError, TypeError, ValueError):
        return ()  # of stock Metaflow, or somebody's own words


def package_in(definition: str) -> str:
    """Address of the code package that a definition's jobs fetch, as far as its Comment tells; else empty."""
    try:
        sha = str(_said(definition)["package"])
    except (KeyError, TypeError, ValueError):
        return ""
    return sha if _SHA.fullmatch(sha) else ""


def _said(definition: str) -> Any:
    return json.loads(json.loads(definition).get("Comment", ""))[_OURS]


def _description(parameter: Parameter) -> dict[str, Any]:
    required = {"required": True} if parameter.required else {}
    return {"type": parameter.type, **required}


def _parameter(name: str, description: dict[str, Any]) -> Parameter:
    """A parameter; anybody who may change the machine could have written its description.

    Raises:
        ValueError: a type that no parameter has.
    """
    if description["type"] not in _TYPES:
        raise ValueError(description["type"])
    return Parameter(name, description["type"], required=description.get("required") is True)
