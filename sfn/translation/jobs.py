"""Batch job definitions: image, command, environment and everything that `@batch` says.

A definition's name is the digest of its content, so it is registered once, whatever is deployed from where,
and steps that say the same share one. https://docs.aws.amazon.com/batch/latest/userguide/job_definitions.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from metaflow_provider.plan import FlowPlan, Step
from metaflow_provider.plan.container import container_command, container_environment, container_request

from ..settings import FARGATE, Settings
from .attributes import refusal, whole_number
from .fargate import USE_EC2, fargate_fields
from .limits import MAX_ATTEMPTS
from .volumes import mount_points, volumes

_REQUEST = "METAFLOW_ORCHESTRATORS_REQUEST"
_RUN_NAME_FIELD = "aws-step-functions-execution"
# On top of a step's own limit: to make its environment, and for Metaflow to act on the limit first.
_TIMEOUT_MARGIN_SECONDS = 600
# Batch tries these again itself, which costs none of the user's retries.
# https://docs.aws.amazon.com/batch/latest/userguide/job_retries.html
_LOST_HOSTS = ("Host EC2*", "Your Spot Task was interrupted*")


@dataclass(frozen=True)
class JobDefinition:
    """Arguments of RegisterJobDefinition.

    Attributes:
        body: all but the name, with Batch's own field names.
    """

    body: Mapping[str, Any]

    @property
    def name(self) -> str:
        """`metaflow-` and the digest of the content."""
        text = json.dumps(self.body, sort_keys=True, separators=(",", ":"))
        return f"metaflow-{hashlib.sha256(text.encode()).hexdigest()[:32]}"

    def to_dict(self) -> dict[str, Any]:
        """The request."""
        return {"jobDefinitionName": self.name, **self.body}


def job_definition(
    plan: FlowPlan, step: Step, settings: Settings, queue: str, resources: list[dict[str, str]]
) -> JobDefinition:
    """The definition of a step's jobs.

    Raises:
        Refusal: an attribute of `@batch` that is wrong, or that the queue's platform does not take.
    """
    platform = settings.platform(queue)
    gang = plan.graph[step.name].gang
    if gang and platform == FARGATE:
        raise refusal(step, "Fargate has no jobs of several nodes", USE_EC2, decorator="parallel")
    container = _container(plan, step, settings, platform, resources)
    body: dict[str, Any] = {
        "retryStrategy": {
            "attempts": MAX_ATTEMPTS,
            "evaluateOnExit": [
                *({"onStatusReason": reason, "action": "RETRY"} for reason in _LOST_HOSTS),
                {"onReason": "*", "action": "EXIT"},
            ],
        },
        "timeout": {"attemptDurationSeconds": _time_limit(step, settings)},
        "propagateTags": True,
    }
    if gang:
        nodes = {"targetNodes": "0:", "container": container}
        body |= {
            "type": "multinode",
            "nodeProperties": {"numNodes": 1, "mainNode": 0, "nodeRangeProperties": [nodes]},
        }
    else:
        body |= {
            "type": "container",
            "platformCapabilities": [platform],
            "containerProperties": container,
        }
    return JobDefinition(body)


def _time_limit(step: Step, settings: Settings) -> int:
    return settings.default_timeout if step.timeout is None else step.timeout + _TIMEOUT_MARGIN_SECONDS


def _container(
    plan: FlowPlan, step: Step, settings: Settings, platform: str, resources: list[dict[str, str]]
) -> dict[str, Any]:
    attributes = step.compute.attributes
    environment = {
        **container_environment(plan, step),
        "METAFLOW_RUNTIME_ENVIRONMENT": "aws-batch",
        "METAFLOW_RUNTIME_NAME": "step-functions",
        "SFN_STATE_MACHINE": plan.name,
        _REQUEST: container_request(plan, step, _RUN_NAME_FIELD),
        **_temporary_folder(attributes),
    }
    container: dict[str, Any] = {
        "image": attributes["image"],
        "jobRoleArn": attributes["iam_role"],
        "command": container_command(plan, step),
        "environment": [{"name": name, "value": value} for name, value in sorted(environment.items())],
        "resourceRequirements": resources,
    }
    if settings.secrets:
        container["secrets"] = [
            {"name": name, "valueFrom": arn} for name, arn in sorted(settings.secrets.items())
        ]
    if attributes.get("privileged"):
        container["privileged"] = True
    container |= _logs(attributes) | volumes(attributes) | mount_points(attributes)
    container |= _execution_role(step, settings, platform)
    if platform == FARGATE:
        container |= fargate_fields(step, resources)
    else:
        container |= _ec2(step, plan.graph[step.name].gang)
    return container


def _execution_role(step: Step, settings: Settings, platform: str) -> dict[str, Any]:
    """What ECS itself acts as: it starts containers on Fargate, and reads secrets.

    https://docs.aws.amazon.com/batch/latest/userguide/execution-IAM-role.html
    """
    if platform != FARGATE and not settings.secrets:
        return {}
    role = step.compute.attributes.get("execution_role")
    if not role:
        on_fargate = "jobs on Fargate need an execution role"
        reason = on_fargate if platform == FARGATE else "secrets reach a job through its execution role"
        raise refusal(step, reason, "set METAFLOW_ECS_FARGATE_EXECUTION_ROLE, or execution_role")
    return {"executionRoleArn": role}


def _logs(attributes: Mapping[str, Any]) -> dict[str, Any]:
    options = attributes.get("log_options") or []
    pairs = (option.partition(":") for option in ([options] if isinstance(options, str) else options))
    found = {"logDriver": attributes.get("log_driver"), "options": {key: value for key, _, value in pairs}}
    kept = {name: value for name, value in found.items() if value}
    return {"logConfiguration": kept} if kept else {}


def _ec2(step: Step, gang: bool) -> dict[str, Any]:
    attributes = step.compute.attributes
    if attributes.get("ephemeral_storage"):
        raise refusal(step, "ephemeral_storage is only available on Fargate", "remove it")
    if attributes.get("swappiness") is not None and attributes.get("max_swap") is None:
        raise refusal(step, "swappiness has no effect without max_swap", "set max_swap too")
    linux: dict[str, Any] = {}
    for name, field, least, most in (
        ("shared_memory", "sharedMemorySize", 1, None),
        ("max_swap", "maxSwap", 0, None),
        ("swappiness", "swappiness", 0, 99),
    ):
        if attributes.get(name) is not None:
            linux[field] = whole_number(step, name, least, most)
    devices = _devices(step, gang)
    if devices:
        linux["devices"] = devices
    if _has_tmpfs(attributes):
        size = whole_number(step, "tmpfs_size", 1) if attributes.get("tmpfs_size") else _half_of_memory(step)
        linux["tmpfs"] = [
            {"containerPath": attributes["tmpfs_path"], "size": size, "mountOptions": ["defaults"]}
        ]
    return {"linuxParameters": linux} if linux else {}


def _has_tmpfs(attributes: Mapping[str, Any]) -> bool:
    return bool(attributes.get("use_tmpfs") or attributes.get("tmpfs_size"))


def _temporary_folder(attributes: Mapping[str, Any]) -> dict[str, str]:
    if not (_has_tmpfs(attributes) and attributes.get("tmpfs_tempdir")):
        return {}
    return {"METAFLOW_TEMPDIR": attributes["tmpfs_path"]}


def _half_of_memory(step: Step) -> int:
    return int(float(step.compute.attributes["memory"])) // 2


def _devices(step: Step, gang: bool) -> list[dict[str, Any]]:
    attributes = step.compute.attributes
    neurons = whole_number(step, "inferentia", 0) if attributes.get("inferentia") else 0
    adapters = whole_number(step, "efa", 0) if attributes.get("efa") else 0
    paths = [(f"/dev/neuron{number}", ["READ", "WRITE"]) for number in range(neurons)]
    # Jobs of several nodes have to name each adapter; others take the first.
    paths += [
        (f"/dev/infiniband/uverbs{number}", ["READ", "WRITE", "MKNOD"])
        for number in range(adapters if gang else min(adapters, 1))
    ]
    return [
        {"hostPath": path, "containerPath": path, "permissions": permissions} for path, permissions in paths
    ]
