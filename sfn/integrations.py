"""What AWS's own API models say about the arguments of a service integration; all offline.

The models come with botocore. Names in a definition are those of the API in PascalCase.
https://docs.aws.amazon.com/step-functions/latest/dg/connect-parameters.html
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .asl import DYNAMIC

# Integrations whose name differs from botocore's; those of aws-sdk follow Java's names.
_BOTOCORE_NAMES = {
    "states": "stepfunctions",
    "sfn": "stepfunctions",
    "elasticmapreduce": "emr",
    "eventbridge": "events",
    "cloudwatchlogs": "logs",
    "cloudwatchevents": "events",
}
# Their arguments are not those of one API action; a Map's result writer has s3:putObject.
_OWN_ARGUMENTS = frozenset(
    {"apigateway", "eks:call", "eks:runJob", "elasticmapreduce", "http", "s3:putObject"}
)
# Text in the API; Step Functions takes any JSON there and writes it out.
_JSON_AS_TEXT = frozenset(
    {
        ("events", "PutEvents", "Detail"),
        ("sns", "Publish", "Message"),
        ("sqs", "SendMessage", "MessageBody"),
        ("stepfunctions", "StartExecution", "input"),
    }
)
_RESOURCE = re.compile(
    r"arn:[a-z-]+:states:[^:]*:[^:]*:(?P<sdk>aws-sdk:)?(?P<service>[\w-]+):(?P<action>\w+)(?:\.[\w:]+)?"
)
_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "character": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "list": (list,),
    "map": (dict,),
    "structure": (dict,),
}


def problems(resource: str, arguments: Any) -> Iterator[str]:
    """What is wrong with the arguments of a service integration, a line each.

    Missing and unknown names and wrong types, at any depth; nothing for resources that are not an action of a
    service known to botocore. Pass it to `sfn.asl.check`.

    Args:
        resource: ARN of the integration, with its suffix (`.sync`, `.waitForTaskToken`) if it has one.
        arguments: as `sfn.asl.check` hands them over: what is not known yet is `DYNAMIC`.

    Example:
        >>> list(problems("arn:aws:states:::batch:submitJob.sync", {"JobName": "a", "JobDefinition": "b"}))
        ['JobQueue is missing (batch SubmitJob)']
    """
    match = _RESOURCE.fullmatch(resource)
    if match is None or arguments is DYNAMIC:
        return
    service, action = match["service"], match["action"]
    if not match["sdk"] and _OWN_ARGUMENTS & {service, f"{service}:{action}"}:
        return
    model = _service_model(_BOTOCORE_NAMES.get(service, service))
    if model is None:
        return
    operation = action[0].upper() + action[1:]
    if operation not in model.operation_names:
        known = difflib.get_close_matches(operation, model.operation_names, n=1)
        hint = f"; did you mean {_camel(known[0])}?" if known else ""
        yield f"the service {service} has no action {action}{hint}"
        return
    shape = model.operation_model(operation).input_shape
    if shape is not None:
        call = _Call(model.service_name, operation)
        for problem in call.structure(shape, arguments, ""):
            yield f"{problem} ({call})"


class _Call:
    """One action of a service, whose input shape arguments are compared with."""

    def __init__(self, service: str, operation: str) -> None:
        self.service = service
        self.operation = operation

    def __str__(self) -> str:
        return f"{self.service} {self.operation}"

    def structure(self, shape: Any, value: Mapping[str, Any], at: str) -> Iterator[str]:
        """What is wrong with an object that has the members of a structure."""
        members = {_pascal(name): name for name in shape.members}
        for name in sorted(_pascal(required) for required in shape.required_members):
            if name not in value:
                yield f"{at}{name} is missing"
        for name, item in value.items():
            if name not in members:
                yield f"{at}{name} is unknown{_did_you_mean(name, members)}"
            elif (self.service, self.operation, members[name]) not in _JSON_AS_TEXT:
                yield from self.value(shape.members[members[name]], item, f"{at}{name}")

    def value(self, shape: Any, value: Any, at: str) -> Iterator[str]:
        """What is wrong with a value of a shape."""
        expected: Any = _PYTHON_TYPES.get(shape.type_name)
        if value is DYNAMIC or expected is None:
            return
        if not isinstance(value, expected) or (isinstance(value, bool) and bool not in expected):
            yield f"{at} is {_kind(value)}; it has to be {shape.type_name}"
        elif shape.type_name == "structure" and not getattr(shape, "is_document_type", False):
            yield from self.structure(shape, value, f"{at}.")
        elif shape.type_name == "list":
            for index, item in enumerate(value):
                yield from self.value(shape.member, item, f"{at}[{index}]")
        elif shape.type_name == "map":
            for key, item in value.items():
                yield from self.value(shape.value, item, f"{at}.{key}")


@functools.cache
def _service_model(name: str) -> Any:
    """The model of a servicein botocore; `None` when it has none of that name."""
    import botocore.exceptions
    import botocore.session

    try:
        return botocore.session.get_session().get_service_model(name)
    except botocore.exceptions.UnknownServiceError:
        return None


def _pascal(name: str) -> str:
    return name[0].upper() + name[1:]


def _camel(name: str) -> str:
    return name[0].lower() + name[1:]


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _kind(value: Any) -> str:
    names = {
        str: "text",
        bool: "a boolean",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "an object",
    }
    return names.get(type(value), "null")
