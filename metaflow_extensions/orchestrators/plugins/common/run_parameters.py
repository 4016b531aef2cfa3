"""A flow's parameters as given to a command that starts a run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def given_parameters(flow: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """The values that were given, by parameter, as JSON data; deploy-time ones are evaluated.

    Args:
        flow: Metaflow's flow object.
        options: what click made of the command line.
    """
    from metaflow.parameters import DelayedEvaluationParameter, JSONType

    values = {}
    for _, parameter in flow._get_parameters():
        value = options.get(parameter.name.replace("-", "_").lower())
        if value is None or parameter.IS_CONFIG_PARAMETER:
            continue
        if isinstance(value, DelayedEvaluationParameter):
            value = value(return_str=True)
        elif parameter.kwargs.get("type") == JSONType:
            value = json.dumps(value)
        values[parameter.name] = value
    return values
