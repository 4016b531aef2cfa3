"""What a state machine's Comment says of its flow, for those who have neither the flow's file nor its plan.

https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
"""

from __future__ import annotations

import json
from typing import Any

from metaflow_provider.plan import FlowPlan
from metaflow_provider.plan.model import Parameter

_OURS = "metaflow"


def comment_of(plan: FlowPlan) -> str:
    """The Comment of a plan's machine: the flow, who translated it, and what a run may be given.

    Example:
        >>> comment_of(plan)
        '{"metaflow": {"flow": "Train", "parameters": {"alpha": {"type": "int"}}, "version": "1.0"}}'
    """
    parameters = {parameter.name: _description(parameter) for parameter in plan.parameters}
    said = {"flow": plan.flow, "version": plan.version, "parameters": parameters}
    return json.dumps({_OURS: said}, sort_keys=True)


def parameters_in(definition: str) -> tuple[Parameter, ...]:
    """Parameters that the flow of a definition has, as far as its Comment tells; without their defaults."""
    comment = json.loads(definition).get("Comment", "")
    try:
        described = json.loads(comment)[_OURS]["parameters"]
        return tuple(_parameter(name, description) for name, description in described.items())
    except (AttributeError, KeyError, TypeError, ValueError):
        return ()  # of stock Metaflow, or somebody's own words


def _description(parameter: Parameter) -> dict[str, Any]:
    required = {"required": True} if parameter.required else {}
    return {"type": parameter.type, **required}


def _parameter(name: str, description: dict[str, Any]) -> Parameter:
    return Parameter(name, description["type"], required=description.get("required", False))
