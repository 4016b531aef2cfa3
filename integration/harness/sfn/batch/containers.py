"""What a job's container runs: the definition's properties, the overrides, the environment that Batch adds.

https://docs.aws.amazon.com/batch/latest/userguide/job_env_vars.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from integration.harness.sfn.batch.definitions import Definition
from integration.harness.sfn.batch.errors import ClientException
from integration.harness.sfn.batch.jobs import Job

PARAMETER = re.compile(r"Ref::([A-Za-z0-9_-]+)")
LOOPBACK = "127.0.0.1"


def overridden(properties: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    """Container properties with a job's `containerOverrides`: lists of named things are merged by name."""
    merged = {**properties, **overrides}
    for field, key in (("environment", "name"), ("resourceRequirements", "type")):
        entries = [*(properties.get(field) or []), *(overrides.get(field) or [])]
        if entries:
            merged[field] = list({entry[key]: entry for entry in entries}.values())
    return merged


def node_count(definition: Definition, request: dict[str, Any]) -> int:
    """How many nodes a multi-node job has.

    Raises:
        ClientException: the request changes the number, and no range of the definition is open at its end.
    """
    properties = definition["nodeProperties"]
    wanted = (request.get("nodeOverrides") or {}).get("numNodes")
    if wanted is None:
        return int(properties["numNodes"])
    ranges = [part["targetNodes"] for part in properties["nodeRangeProperties"]]
    if not any(nodes.endswith(":") for nodes in ranges):
        raise ClientException("numNodes can be overridden only with a node range that is open, like `1:`")
    if properties["mainNode"] >= wanted:
        raise ClientException(f"Main node {properties['mainNode']} is not one of {wanted} nodes")
    return int(wanted)


def node_container(definition: Definition, request: dict[str, Any], index: int) -> dict[str, Any]:
    """The container of one node: that of the narrowest range with its index, with its overrides."""
    ranges = [part for part in definition["nodeProperties"]["nodeRangeProperties"] if _has(part, index)]
    if not ranges:
        raise ClientException(f"No node range has node {index}")
    narrowest = max(ranges, key=lambda part: _bounds(part["targetNodes"])[0])
    container = narrowest["container"]
    for part in (request.get("nodeOverrides") or {}).get("nodePropertyOverrides") or []:
        if _has(part, index):
            container = overridden(container, part.get("containerOverrides") or {})
    return dict(container)


def _has(part: dict[str, Any], index: int) -> bool:
    first, last = _bounds(part["targetNodes"])
    return first <= index <= last


def _bounds(nodes: str) -> tuple[int, float]:
    first, colon, last = nodes.partition(":")
    if not colon:
        return int(nodes), int(nodes)
    return int(first or 0), float(last) if last else float("inf")


def command(job: Job) -> list[str]:
    """The command as a list of arguments, with `Ref::name` replaced by the job's parameters."""
    parameters = job.parameters
    parts = job.container.get("command") or []
    return [PARAMETER.sub(lambda ref: parameters.get(ref[1], ref[0]), part) for part in parts]


def environment(job: Job, attempt: int, secret: Callable[[str], str]) -> dict[str, str]:
    """The variables of the definition, the overrides and the secrets, and those of Batch itself.

    Args:
        job: the job, or one node.
        attempt: from 1.
        secret: the value of a `valueFrom`; raises KeyError.
    """
    container = job.container
    variables = {pair["name"]: pair.get("value", "") for pair in container.get("environment") or []}
    secrets = {pair["name"]: secret(pair["valueFrom"]) for pair in container.get("secrets") or []}
    return {**variables, **secrets, **_of_batch(job, attempt), **_of_nodes(job)}


def _of_batch(job: Job, attempt: int) -> dict[str, str]:
    return {
        "AWS_BATCH_JOB_ID": job.id,
        "AWS_BATCH_JOB_ATTEMPT": str(attempt),
        "AWS_BATCH_CE_NAME": job.queue.compute_environment,
        "AWS_BATCH_JQ_NAME": job.queue.name,
        "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE" if job.queue.fargate else "AWS_ECS_EC2",
    }


def _of_nodes(job: Job) -> Mapping[str, str]:
    if job.node_index is None:
        return {}
    main = job.definition["nodeProperties"]["mainNode"]
    variables = {
        "AWS_BATCH_JOB_NODE_INDEX": str(job.node_index),
        "AWS_BATCH_JOB_NUM_NODES": str(node_count(job.definition, job.request)),
        "AWS_BATCH_JOB_MAIN_NODE_INDEX": str(main),
    }
    if job.node_index != main:  # the main node is not told its own address
        variables["AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS"] = LOOPBACK
    return variables
