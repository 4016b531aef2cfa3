"""A flow's parameters as Airflow params."""

from __future__ import annotations

import json
from typing import Any

from ..plan.model import Parameter
from ..version_compat import Param

_TYPES = {
    "str": ["string"],
    "int": ["integer"],
    "float": ["number"],
    "bool": ["boolean"],
    "file": ["string"],
    # Any JSON value; a string is JSON text, as on the command line.
    "json": ["object", "array", "string", "number", "boolean"],
}


def airflow_param(parameter: Parameter) -> Param:
    """The Airflow param of a flow's parameter.

    Unless the flow requires a value it may be null, which means not given: the flow's own default holds.
    See https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/params.html
    """
    kinds = _TYPES[parameter.type] if parameter.required else ["null", *_TYPES[parameter.type]]
    schema: dict[str, Any] = {"type": kinds if len(kinds) > 1 else kinds[0]}
    if parameter.help:
        schema["description"] = parameter.help
    default = parameter.default
    if default is None and parameter.required:
        return Param(**schema)
    if parameter.type == "json" and isinstance(default, str):
        default = json.dumps(default)
    return Param(default, **schema)
