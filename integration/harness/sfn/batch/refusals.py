"""What Batch refuses: shapes, names, sizes, and what a platform cannot do.

https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html and the pages of the operations in
https://docs.aws.amazon.com/batch/latest/APIReference. One rule is left out on purpose: AWS wants at least 60
seconds as `attemptDurationSeconds`, a test does not want to wait for them.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

from integration.harness.sfn.batch.errors import ClientException

MAX_OVERRIDES = 8192
MAX_DEFINITION = 24 * 1024
MAX_SUBMISSION = 30 * 1024
MAX_ATTEMPTS = 10
MAX_EXIT_RULES = 5

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
RESERVED = "AWS_BATCH"

# vCPU: the memory, in MiB, that Fargate has for it.
FARGATE_MEMORY = {
    0.25: (512, 1024, 2048),
    0.5: range(1024, 4097, 1024),
    1: range(2048, 8193, 1024),
    2: range(4096, 16385, 1024),
    4: range(8192, 30721, 1024),
    8: range(16384, 61441, 4096),
    16: range(32768, 122881, 8192),
}
ONLY_EC2 = ("privileged", "ulimits", "instanceType")
ONLY_FARGATE = ("fargatePlatformConfiguration", "networkConfiguration", "ephemeralStorage", "runtimePlatform")
# initProcessEnabled is the one Linux parameter that both have.
ONLY_EC2_LINUX = ("devices", "sharedMemorySize", "tmpfs", "maxSwap", "swappiness")

Properties = dict[str, Any]


def refuse_unless(fine: object, why: str) -> None:
    if not fine:
        raise ClientException(why)


def check_shape(operation: str, request: Properties) -> None:
    """What botocore's model of the operation says of argument names, types and required ones."""
    report = ParamValidator().validate(request, _shapes()[operation])
    refuse_unless(not report.has_errors(), f"{operation}: {report.generate_report()}")


@cache
def _shapes() -> dict[str, Any]:
    model = botocore.session.get_session().get_service_model("batch")
    return {name: model.operation_model(name).input_shape for name in model.operation_names}


def check_definition(request: Properties) -> None:
    """RegisterJobDefinition: its size, name, retries, containers, and what its platform refuses."""
    refuse_unless(NAME.fullmatch(request["jobDefinitionName"]), "Job definition name is not valid")
    refuse_unless(size(request) <= MAX_DEFINITION, "Job definition size must be less than 24 KiB")
    check_retries(request.get("retryStrategy") or {})
    platforms = request.get("platformCapabilities") or ["EC2"]
    if request["type"] == "multinode":
        refuse_unless("FARGATE" not in platforms, "Multinode jobs are not supported on Fargate")
        ranges = (request.get("nodeProperties") or {}).get("nodeRangeProperties") or []
        refuse_unless(ranges, "nodeProperties must have nodeRangeProperties")
        containers = [part.get("container") or {} for part in ranges]
    else:
        containers = [request.get("containerProperties") or {}]
    for container in containers:
        _check_container(container, platforms)


def check_submission(request: Properties) -> None:
    """SubmitJob: the sizes of the whole and of the overrides, the job's name, its retries and variables."""
    refuse_unless(NAME.fullmatch(request["jobName"]), "Job name should match valid pattern")
    refuse_unless(size(request) <= MAX_SUBMISSION, "Job size must be less than 30 KiB")
    nodes = (request.get("nodeOverrides") or {}).get("nodePropertyOverrides") or []
    for overrides in [request, *nodes]:
        overrides = overrides.get("containerOverrides") or {}
        refuse_unless(
            size(overrides) <= MAX_OVERRIDES,
            f"Container Overrides length must be at most {MAX_OVERRIDES}",
        )
        _check_variables(overrides)
    check_retries(request.get("retryStrategy") or {})


def check_retries(strategy: Properties) -> None:
    attempts = strategy.get("attempts", 1)
    refuse_unless(1 <= attempts <= MAX_ATTEMPTS, f"Job attempts must be between 1 and {MAX_ATTEMPTS}")
    rules = strategy.get("evaluateOnExit") or []
    refuse_unless(len(rules) <= MAX_EXIT_RULES, f"evaluateOnExit takes at most {MAX_EXIT_RULES} rules")
    for rule in rules:
        refuse_unless(
            str(rule.get("action", "")).upper() in {"RETRY", "EXIT"}, "action must be RETRY or EXIT"
        )


def _check_container(container: Properties, platforms: list[str]) -> None:
    refuse_unless(container.get("image"), "containerProperties must have an image")
    _check_variables(container)
    needs = requirements(container)
    refuse_unless(float(needs.get("VCPU", 0)) > 0, "Container properties must have VCPU greater than 0")
    refuse_unless(int(needs.get("MEMORY", 0)) >= 4, "Container properties must have MEMORY of at least 4")
    if "FARGATE" in platforms:
        _check_fargate(container, needs)
    else:
        for name in ONLY_FARGATE:
            refuse_unless(name not in container, f"{name} is only applicable to Fargate")


def _check_fargate(container: Properties, needs: dict[str, str]) -> None:
    refuse_unless(container.get("executionRoleArn"), "Fargate jobs need an executionRoleArn")
    for name in ONLY_EC2:
        refuse_unless(not container.get(name), f"{name} is not applicable to Fargate")
    for name in ONLY_EC2_LINUX:
        refuse_unless(
            name not in (container.get("linuxParameters") or {}),
            f"linuxParameters.{name} is not applicable to Fargate",
        )
    for volume in container.get("volumes") or []:
        refuse_unless(not (volume.get("host") or {}).get("sourcePath"), "Fargate has no host volumes")
    refuse_unless("GPU" not in needs, "Fargate has no GPU")
    cpu, memory = float(needs["VCPU"]), int(needs["MEMORY"])
    refuse_unless(
        memory in FARGATE_MEMORY.get(cpu, ()), f"Fargate has no {memory} MiB of memory for {cpu:g} vCPU"
    )


def requirements(container: Properties) -> dict[str, str]:
    """`resourceRequirements` by type, with the two older fields that say the same."""
    old = {"VCPU": container.get("vcpus"), "MEMORY": container.get("memory")}
    needs = {name: str(value) for name, value in old.items() if value}
    return {**needs, **{need["type"]: need["value"] for need in container.get("resourceRequirements") or []}}


def _check_variables(container: Properties) -> None:
    for variable in [*(container.get("environment") or []), *(container.get("secrets") or [])]:
        refuse_unless(
            not variable.get("name", "").startswith(RESERVED), f"{RESERVED} is a reserved prefix of variables"
        )


def size(value: object) -> int:
    """Bytes of a value as compact JSON, which is what the limits count."""
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())
