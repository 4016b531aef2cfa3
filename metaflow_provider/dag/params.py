"""A flow's parameters as Airflow params."""

from __future__ import annotations

import json
from typing import Any

from ..plan.model import Parameter
from ..version_compat import Param

_TYPES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "file": "string"}
# JSON parameters take any JSON value; a string is JSON text, as on the command line.
_JSON_TYPES = ["object", "array", "string", "number", "boolean", "null"]


def airflow_param(parameter: Parameter) -> Param:
    """The Airflow param of a flow's parameter.

    Without a default it is required if the flow says so, and else may be null, which means not given.
    See https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/params.html
    """
    schema: dict[str, Any] = {}
    kind: Any = _JSON_TYPES if parameter.type == "json" else _TYPES[parameter.type]
    if parameter.help:
        schema["description"] = parameter.help
    if parameter.default is not None:
        default = parameter.default
        if parameter.type == "json" and isinstance(default, str):
            default = json.dumps(default)
        return Param(default, type=kind, **schema)
    if parameter.required:
        return Param(type=kind, **schema)
    return Param(None, type=kind if parameter.type == "json" else ["null", kind], **schema)
