"""Values of Airflow params as command line text for a flow's first task."""

from __future__ import annotations

import json
from typing import Any

from ..plan.model import Parameter


def command_line_values(parameters: tuple[Parameter, ...], given: dict[str, Any]) -> dict[str, str]:
    """Text of every parameter that the flow could not know by itself.

    A value equal to a default that stands in the flow file is left to the flow; null means not given.
    """
    values = {}
    for parameter in parameters:
        value = given.get(parameter.name)
        if value is None or (not parameter.deploy_time and _same(value, parameter.default)):
            continue
        values[parameter.name] = value if isinstance(value, str) else _text(parameter, value)
    return values


def _same(value: Any, default: Any) -> bool:
    # As JSON: to Python, True and 1 are equal.
    return json.dumps(value, sort_keys=True) == json.dumps(default, sort_keys=True)


def _text(parameter: Parameter, value: Any) -> str:
    if parameter.type == "json" or isinstance(value, (dict, list)):
        return json.dumps(value)
    # To JSON schema, 5.0 is an integer; to the flow's command line, only 5 is.
    return str(int(value)) if parameter.type == "int" and isinstance(value, float) else str(value)
