"""Parameters of a flow, with their defaults as JSON data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ..model import FlowPlan, Parameter
from ..refusal import Refusal

_TYPES = ("str", "int", "float", "bool", "json", "file")


def read_parameters(flow: Any) -> Iterator[Parameter]:
    """The parameters of a flow; a file's default is not among them yet.

    Raises:
        Refusal: a type or a default that no engine can carry.
    """
    for _, parameter in flow._get_parameters():
        if not parameter.IS_CONFIG_PARAMETER:
            yield _parameter(parameter)


def with_included_files(plan: FlowPlan, flow: Any) -> FlowPlan:
    """The plan with the defaults of IncludeFile parameters, whose files this puts into the datastore."""
    from metaflow.parameters import deploy_time_eval

    given = {parameter.name: parameter.kwargs.get("default") for _, parameter in flow._get_parameters()}
    parameters = (
        replace(p, default=deploy_time_eval(given[p.name])) if p.type == "file" else p
        for p in plan.parameters
    )
    return replace(plan, parameters=tuple(parameters))


def _parameter(parameter: Any) -> Parameter:
    from metaflow.parameters import DeployTimeField, deploy_time_eval

    given = parameter.kwargs.get("default")
    kind = _kind(parameter.kwargs.get("type"))
    if kind not in _TYPES:
        raise Refusal(
            f"parameter {parameter.name} has the type {kind}, which no engine can carry",
            remedy="use str, int, float, bool, JSONType or IncludeFile",
        )
    default = None if kind == "file" else _typed(parameter.name, kind, deploy_time_eval(given))
    return Parameter(
        name=parameter.name,
        type=kind,
        required=bool(parameter.kwargs.get("required")) and given is None,
        default=default,
        deploy_time=isinstance(given, DeployTimeField),
        help=parameter.kwargs.get("help") or "",
    )


def _kind(given: Any) -> str:
    from metaflow.includefile import FilePathClass
    from metaflow.parameters import JSONTypeClass

    if isinstance(given, FilePathClass):
        return "file"
    if isinstance(given, JSONTypeClass) or given in (dict, list):
        return "json"
    return str(getattr(given, "__name__", "str"))


def _typed(parameter: str, kind: str, default: Any) -> Any:
    """The default as its own type: computed ones come as text, JSON ones as either."""
    if default is None:
        return None
    if kind == "json" and isinstance(default, str):
        try:
            return json.loads(default)
        except ValueError as error:
            raise Refusal(f"the default of parameter {parameter} is not JSON: {error}") from None
    if kind == "bool" and isinstance(default, str):
        return default == "True"
    return {"int": int, "float": float}.get(kind, lambda value: value)(default)


def check_parameters(plan: FlowPlan) -> None:
    """Refuse what cannot be given to a run.

    Raises:
        Refusal: a name that is used twice, or a required parameter of a scheduled flow.
    """
    seen: set[str] = set()
    for name in [*(p.name for p in plan.parameters), *plan.configs]:
        if name.lower() in seen:
            raise Refusal(
                f"Parameter *{name}* is specified twice. Note that parameter names are case-insensitive",
                remedy="rename one of them",
            )
        seen.add(name.lower())
    for parameter in plan.parameters:
        if parameter.required and plan.schedules:
            raise Refusal(
                f"parameter {parameter.name} is required, but a scheduled run gives no values",
                decorator="schedule",
                remedy="give the parameter a default or remove the schedule",
            )
