"""Resources of Tasks, and the arguments that they pass.

https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html
https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from ..finding import Finding
from ..machine import StateMachine
from ..parts import ItemReader, ResultWriter
from ..place import Place, places
from ..states import Map, Task
from .fields import is_expression


class _Dynamic:
    def __repr__(self) -> str:
        return "DYNAMIC"


DYNAMIC: Final = _Dynamic()
"""Stands for a value that is known only when the state runs."""

Integrations = Callable[[str, Any], Iterable[str]]
"""`(resource, arguments)` -> what is wrong with the arguments, a line each.

In the arguments, all that an expression or a path yields is `DYNAMIC`, and keys have lost their `.$`.
"""


def _service(
    requests: Iterable[str] = (), jobs: Iterable[str] = (), callbacks: Iterable[str] = ()
) -> dict[str, tuple[str, ...]]:
    """Action -> the suffixes that it can have; jobs can be waited for, callbacks bring a token."""
    return {
        **dict.fromkeys(requests, ("",)),
        **dict.fromkeys(jobs, ("", ".sync")),
        **dict.fromkeys(callbacks, ("", ".waitForTaskToken")),
    }


# The integrations that have names of their own.
SERVICES: dict[str, dict[str, tuple[str, ...]]] = {
    "apigateway": _service(callbacks=["invoke"]),
    "athena": _service(
        jobs=["startQueryExecution"], requests=["stopQueryExecution", "getQueryExecution", "getQueryResults"]
    ),
    "batch": {"submitJob": ("", ".sync", ".waitForTaskToken")},
    "bedrock": _service(requests=["invokeModel"], jobs=["createModelCustomizationJob"]),
    "codebuild": _service(
        jobs=["startBuild", "startBuildBatch", "retryBuildBatch"],
        requests=["stopBuild", "batchDeleteBuilds", "stopBuildBatch", "deleteBuildBatch"],
    ),
    "databrew": _service(jobs=["startJobRun"]),
    "dynamodb": _service(requests=["getItem", "putItem", "deleteItem", "updateItem"]),
    "ecs": {"runTask": ("", ".sync", ".waitForTaskToken")},
    "eks": _service(
        jobs=[
            "createCluster",
            "deleteCluster",
            "createNodegroup",
            "deleteNodegroup",
            "createFargateProfile",
            "deleteFargateProfile",
            "runJob",
        ],
        requests=["call"],
    ),
    "elasticmapreduce": _service(
        jobs=["createCluster", "terminateCluster", "addStep"],
        requests=[
            "cancelStep",
            "setClusterTerminationProtection",
            "modifyInstanceFleetByName",
            "modifyInstanceGroupByName",
        ],
    ),
    "emr-containers": _service(
        jobs=["deleteVirtualCluster", "startJobRun"], requests=["createVirtualCluster"]
    ),
    "emr-serverless": _service(
        jobs=[
            "createApplication",
            "startApplication",
            "stopApplication",
            "deleteApplication",
            "startJobRun",
            "cancelJobRun",
        ]
    ),
    "events": _service(callbacks=["putEvents"]),
    "glue": _service(jobs=["startJobRun"]),
    "http": _service(requests=["invoke"]),
    "lambda": _service(callbacks=["invoke"]),
    "mediaconvert": _service(jobs=["createJob"]),
    "sagemaker": _service(
        jobs=[
            "createTrainingJob",
            "createTransformJob",
            "createHyperParameterTuningJob",
            "createLabelingJob",
            "createProcessingJob",
        ],
        requests=["createModel", "createEndpointConfig", "createEndpoint", "updateEndpoint"],
    ),
    "sns": _service(callbacks=["publish"]),
    "sqs": _service(callbacks=["sendMessage"]),
    "states": {"startExecution": ("", ".sync", ".sync:2", ".waitForTaskToken")},
}
_READERS = ("s3:getObject", "s3:listObjectsV2")
_WRITERS = ("s3:putObject",)

_ARN = re.compile(r"arn:(?:aws|aws-[a-z-]+):(?P<service>[a-z0-9-]+):[^:]*:[^:]*:.+")
_INTEGRATION = re.compile(r"arn:[a-z-]+:states:[a-z0-9-]*:\d*:(?P<call>[\w-]+:[\w.:-]+)")
_SDK = re.compile(r"aws-sdk:[a-z0-9]+:[a-z][A-Za-z0-9]*(?:\.waitForTaskToken)?")
_CALL = re.compile(r"(?P<service>[\w-]+):(?P<action>\w+)(?P<pattern>\.[\w:]+)?")


def findings(machine: StateMachine) -> Iterator[Finding]:
    """Everything about resources."""
    for place in places(machine):
        for problem in _resources(place):
            yield Finding(place.state.name, "resource", problem)


def argument_findings(machine: StateMachine, integrations: Integrations) -> Iterator[Finding]:
    """What the hook says about the arguments of Tasks and of Maps' readers and writers."""
    for place in places(machine):
        for resource, arguments in _calls(place):
            for problem in integrations(resource, known_part(arguments, place.uses_jsonata)):
                yield Finding(place.state.name, "arguments", problem)


def known_part(value: Any, jsonata: bool) -> Any:
    """A payload as far as it is known before the state runs: `DYNAMIC` where an expression or a path is.

    Example:
        >>> known_part({"a.$": "$.x", "b": 1}, jsonata=False)
        {'a': DYNAMIC, 'b': 1}
    """
    if jsonata and is_expression(value):
        return DYNAMIC
    if isinstance(value, list):
        return [known_part(item, jsonata) for item in value]
    if not isinstance(value, dict):
        return value
    known = {}
    for key, item in value.items():
        if not jsonata and key.endswith(".$"):
            known[key.removesuffix(".$")] = DYNAMIC
        else:
            known[key] = known_part(item, jsonata)
    return known


def _calls(place: Place) -> Iterator[tuple[str, Any]]:
    state = place.state
    callers: tuple[Task | ItemReader | ResultWriter | None, ...] = ()
    if isinstance(state, Task):
        callers = (state,)
    if isinstance(state, Map):
        callers = (state.item_reader, state.result_writer)
    for caller in callers:
        if caller is None:
            continue
        arguments = caller.arguments if place.uses_jsonata else caller.parameters
        if isinstance(caller.resource, str):
            yield caller.resource, {} if arguments is None else arguments


def _resources(place: Place) -> Iterator[str]:
    state = place.state
    if isinstance(state, Task) and isinstance(state.resource, str):
        yield from _task_resource(state.resource)
    if isinstance(state, Map):
        for field, part, allowed in (
            ("ItemReader", state.item_reader, _READERS),
            ("ResultWriter", state.result_writer, _WRITERS),
        ):
            if part is not None and isinstance(part.resource, str):
                call = _INTEGRATION.fullmatch(part.resource)
                if call is None or call["call"] not in allowed:
                    forms = " or ".join(f"arn:aws:states:::{name}" for name in allowed)
                    yield f"{field}.Resource is {part.resource!r}; it has to be {forms}"


def _task_resource(resource: str) -> Iterator[str]:
    arn = _ARN.fullmatch(resource)
    if arn is None:
        yield f"Resource {resource!r} is no ARN (arn:<partition>:states:::<service>:<action>)"
        return
    call = _INTEGRATION.fullmatch(resource)
    if arn["service"] != "states" or call is None or call["call"].startswith("activity:"):
        return
    if call["call"].startswith("aws-sdk:"):
        if not _SDK.fullmatch(call["call"]):
            yield f"Resource {resource!r} is not of the form aws-sdk:<service>:<action>[.waitForTaskToken]"
        return
    yield from _optimized(call["call"])


def _optimized(call: str) -> Iterator[str]:
    parts = _CALL.fullmatch(call)
    service, action, pattern = parts.group("service", "action", "pattern") if parts else (call, "", None)
    if service not in SERVICES:
        yield f"Resource names the service {service!r}, which has no integration; try aws-sdk:{service}:..."
    elif action not in SERVICES[service]:
        known = ", ".join(SERVICES[service])
        yield f"Resource names {service}:{action}; this integration has {known}"
    elif (pattern or "") not in SERVICES[service][action]:
        known = " or ".join(repr(form) for form in SERVICES[service][action])
        yield f"Resource ends in {pattern or ''!r}; {service}:{action} can end in {known}"
