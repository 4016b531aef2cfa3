"""A flow file in the place of one that is not here: it takes the parameters, so that runs can be started."""

from __future__ import annotations

import re
from collections.abc import Iterable

from metaflow.exception import MetaflowException

from metaflow_provider.plan.model import Parameter

# Of parameters whose values reach a run as they are; the content of a file does not.
_TYPES = {"str": "str", "int": "int", "float": "float", "bool": "bool", "json": "JSONType"}
_NAME = re.compile(r"[\w-]+")

_FILE = """\
from metaflow import FlowSpec, JSONType, Parameter, step


class {flow}(FlowSpec):
{parameters}
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    {flow}()
"""
_PARAMETER = "    parameter_{number} = Parameter({name!r}, type={type}, required={required!r})\n"


def stand_in(flow: str, parameters: Iterable[Parameter]) -> str:
    """Text of a flow file with the name and the parameters of a flow that is deployed.

    Raises:
        MetaflowException: a name that no flow has, which somebody else must have put there.
    """
    names = [(number, parameter) for number, parameter in enumerate(parameters) if parameter.type in _TYPES]
    if not flow.isidentifier() or not all(_NAME.fullmatch(parameter.name) for _, parameter in names):
        raise MetaflowException(f"What is deployed as the flow {flow!r} is none of Metaflow's")
    lines = (
        _PARAMETER.format(
            number=number, name=parameter.name, type=_TYPES[parameter.type], required=parameter.required
        )
        for number, parameter in names
    )
    return _FILE.format(flow=flow, parameters="".join(lines))
