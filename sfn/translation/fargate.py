"""Jobs on Fargate: what it refuses, and what they need there.

https://docs.aws.amazon.com/batch/latest/userguide/fargate.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from metaflow_provider.plan import Step

from .attributes import refusal, whole_number
from .limits import FARGATE_MEMORY, FARGATE_STORAGE

USE_EC2 = "use a queue of an EC2 compute environment"
_NOT_AVAILABLE = (
    *("use_tmpfs", "tmpfs_size", "inferentia", "efa", "host_volumes"),
    *("shared_memory", "max_swap", "swappiness", "privileged"),
)


def fargate_fields(step: Step, resources: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Fields of a container that runs on Fargate.

    Args:
        step: the container's.
        resources: the container's `resourceRequirements`.

    Raises:
        Refusal: an attribute or a size that Fargate does not have.

    Example:
        With ``@batch(ephemeral_storage=30)``, ``fargate_fields(step, resources)`` is
        ``{"networkConfiguration": {"assignPublicIp": "ENABLED"}, "ephemeralStorage": {"sizeInGiB": 30}}``.
    """
    attributes = step.compute.attributes
    sizes = {each["type"]: each["value"] for each in resources}
    unavailable = [name for name in _NOT_AVAILABLE if attributes.get(name)]
    if "GPU" in sizes:
        unavailable.append("gpu")
    if unavailable:
        raise refusal(step, f"{unavailable[0]} is not available on Fargate", f"remove it, or {USE_EC2}")
    _check_size(step, float(sizes["VCPU"]), int(sizes["MEMORY"]))
    found: dict[str, Any] = {"networkConfiguration": {"assignPublicIp": "ENABLED"}}
    if attributes.get("ephemeral_storage"):
        found["ephemeralStorage"] = {"sizeInGiB": whole_number(step, "ephemeral_storage", *FARGATE_STORAGE)}
    return found


def _check_size(step: Step, cpu: float, memory: int) -> None:
    if cpu not in FARGATE_MEMORY:
        known = ", ".join(f"{each:g}" for each in FARGATE_MEMORY)
        raise refusal(step, f"Fargate has no {cpu:g} vCPU", f"set cpu to one of {known}, or {USE_EC2}")
    offered = FARGATE_MEMORY[cpu]
    if memory not in offered:
        nearest = next((each for each in offered if each > memory), offered[-1])
        reason = f"Fargate has no {memory} MiB of memory for {cpu:g} vCPU"
        remedy = f"set memory to {nearest} (it has {offered[0]} to {offered[-1]}), or {USE_EC2}"
        raise refusal(step, reason, remedy)
