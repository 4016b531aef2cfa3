"""Parameters of runs. Every value is a JSON document, as stock Metaflow has it; `null` is no value.

A run's values reach its first task as a file: a raw artifact, which the controller fills in. In base64,
since it would look for tags in what it has filled in. https://argo-workflows.readthedocs.io/en/latest/variables/
"""

from __future__ import annotations

from hera.workflows import models

from metaflow_provider.plan import FlowPlan
from metaflow_provider.plan.model import Parameter

from ..values import value_text


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
    return value_text(parameter.default, is_json=parameter.type == "json")


def parameters_file(plan: FlowPlan) -> str:
    """The expression that makes the file: a JSON object by parameter, whose values are JSON texts."""
    values = ", ".join(
        f"'{parameter.name}': workflow.parameters['{parameter.name}']" for parameter in plan.parameters
    )
    return "{{=toBase64(toJSON({" + values + " }))}}"
