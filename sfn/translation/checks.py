"""What Batch would refuse of a step's jobs when they are deployed or started, found while compiling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from metaflow_provider.plan import Step

from ..asl.render import size
from .attributes import refusal
from .jobs import JobDefinition
from .limits import LARGEST_JOB_DEFINITION, MOST_TAGS, RESERVED_VARIABLES


def check_jobs(step: Step, definition: JobDefinition, tags: Mapping[str, str]) -> None:
    """Check what a translator has made of a step.

    Args:
        step: the step.
        definition: of its jobs.
        tags: of its jobs.

    Raises:
        Refusal: a reserved variable, a definition that is too large, or too many tags.

    Example:
        ``check_jobs(step, translator.job_definition(step), translator.tags(step))``
    """
    containers = list(_containers(definition.body))
    _check_names(step, containers)
    _check_size(step, definition, containers)
    _check_tags(step, {**definition.body.get("tags", {}), **tags})


def _check_names(step: Step, containers: list[Mapping[str, Any]]) -> None:
    for variable in _variables(containers):
        name = variable["name"]
        if name.startswith(RESERVED_VARIABLES):
            reason = f"the variable {name} begins with {RESERVED_VARIABLES}, which Batch keeps for its own"
            raise refusal(step, reason, "give it another name", decorator="environment")


def _check_size(step: Step, definition: JobDefinition, containers: list[Mapping[str, Any]]) -> None:
    total = size(definition.to_dict())
    if total <= LARGEST_JOB_DEFINITION:
        return
    parts = [("command", size(container.get("command"))) for container in containers]
    parts += [(f"variable {variable['name']}", size(variable)) for variable in _variables(containers)]
    largest, its_size = max(parts, key=lambda part: part[1])
    reason = f"its job definition has {total:,} bytes, Batch takes {LARGEST_JOB_DEFINITION:,}"
    raise refusal(step, reason, f"shorten its largest part, the {largest} ({its_size:,} bytes)")


def _check_tags(step: Step, tags: Mapping[str, str]) -> None:
    if len(tags) > MOST_TAGS:
        reason = f"its jobs have {len(tags)} tags, Batch takes {MOST_TAGS}"
        raise refusal(step, reason, "remove some from aws_batch_tags, or from --aws-batch-tag")


def _containers(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "containerProperties" in body:
        yield body["containerProperties"]
    for nodes in body.get("nodeProperties", {}).get("nodeRangeProperties", ()):
        yield nodes["container"]


def _variables(containers: list[Mapping[str, Any]]) -> Iterator[Mapping[str, str]]:
    for container in containers:
        yield from container.get("environment", ())
        yield from container.get("secrets", ())
