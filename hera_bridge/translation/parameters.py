"""Parameters of runs. Every value is a JSON document, as stock Metaflow has it; `null` is no value.

A run's values reach its first task as a file: a raw artifact, which the controller fills in. In base64,
since it would look for tags in what it has filled in. https://argo-workflows.readthedocs.io/en/latest/variables/
"""

from __future__ import annotations

import json
from typing import Any

from hera.workflows import models

from metaflow_extensions.orchestrators.core.hand_over import STORED
from metaflow_provider.plan import FlowPlan
from metaflow_provider.plan.model import Parameter


def workflow_parameters(plan: FlowPlan) -> list[models.Parameter]:
    """The parameters of a flow's workflows, with their defaults."""
    return [
        models.Parameter(name=each.name, value=default_value(each), description=each.help or None)
        for each in plan.parameters
    ]


def default_value(parameter: Parameter) -> str:
    """The value of a run that is not given any.

    Example:
        >>> default_value(Parameter("alpha", "float", default=0.5)), default_value(Parameter("beta", "str"))
        ('0.5', 'null')
    """
    if parameter.default is None:
        return "null"
    return parameter_value(parameter, parameter.default)


def parameter_value(parameter: Parameter, value: Any) -> str:
    r"""A value of a parameter as Argo gets it. JSON is a text in a JSON string, as from stock Metaflow.

    Example:
        >>> parameter_value(Parameter("data", "json"), {"a": 1})
        '"{\\"a\\": 1}"'
    """
    if parameter.type == "json" and not isinstance(value, str):
        value = json.dumps(value)
    return json.dumps(value)


def stored_value(address: str) -> str:
    """The value of a parameter whose text is too long for Argo, and is in the datastore instead.

    Args:
        address: what `FlowDataStore.save_data` has returned for the text.
    """
    return json.dumps({STORED: address})


def parameters_file(plan: FlowPlan) -> str:
    """The expression that makes the file: a JSON object by parameter, whose values are JSON texts."""
    values = ", ".join(
        f"'{parameter.name}': workflow.parameters['{parameter.name}']" for parameter in plan.parameters
    )
    return "{{=toBase64(toJSON({" + values + " }))}}"
