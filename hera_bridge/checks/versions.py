"""What versions of Argo Workflows differ in: fields that came and went, and the limits of their CRDs.

https://argo-workflows.readthedocs.io/en/latest/upgrading/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..version import OLDEST, Version
from .finding import Finding
from .workflow import Data, Workflow, calls_in

NEWEST: Version = (4, 1)
MOST_TEMPLATES = MOST_TASKS = 200
MOST_PARAMETERS = 500
MOST_METRICS = 100
_TYPES = (
    "container",
    "containerSet",
    "dag",
    "data",
    "http",
    "plugin",
    "resource",
    "script",
    "steps",
    "suspend",
)


def findings(workflow: Workflow, version: Version) -> Iterator[Finding]:
    """What this version does not take in a workflow."""
    if version < OLDEST:
        yield Finding(
            workflow.object, "", "argo-version", f"Argo {_text(version)} is older than {_text(OLDEST)}"
        )
    if version < (3, 7):
        yield from _newer_than_3_6(workflow)
    if version >= (4, 0):
        yield from _crd_limits(workflow)
        yield from _removed_in_4_0(workflow)
    yield from _shapes(workflow)


def cron_findings(manifest: Data, where: str, version: Version) -> Iterator[Finding]:
    """What this version does not take in a CronWorkflow."""
    spec = manifest.get("spec", {})
    schedules = spec.get("schedules") or []
    if not schedules and "schedule" not in spec:
        yield Finding(where, "", "schedule-missing", "it has no schedule")
    if "schedule" in spec and version >= (4, 0):
        message = "the field 'schedule' is gone since Argo 4.0; use 'schedules'"
        yield Finding(where, "", "field-removed", message)
    for schedule in schedules:
        fields = schedule.split()
        if version >= (4, 0) and ("#" in schedule or "TZ=" in schedule):
            yield Finding(
                where, "", "cron", f"Argo {_text(version)} takes no '#' and no time zone in {schedule!r}"
            )
        elif (
            (4, 0) <= version < (4, 0, 6) and re.search("[A-Za-z]", schedule) and not schedule.startswith("@")
        ):
            yield Finding(
                where, "", "cron", f"Argo {_text(version)} takes no names of days and months in {schedule!r}"
            )
        if len(fields) != 5 and not schedule.startswith("@"):
            yield Finding(where, "", "cron", f"{schedule!r} has {len(fields)} fields, not five")
    if not _zone_is_known(spec.get("timezone")):
        yield Finding(where, "", "timezone", f"the time zone {spec['timezone']!r} is not known")


def _crd_limits(workflow: Workflow) -> Iterator[Finding]:
    def too_many(place: str, what: str, count: int, most: int) -> Iterator[Finding]:
        if count > most:
            yield Finding(
                workflow.object, place, "too-many", f"there are {count} {what}, Argo 4 takes {most}"
            )

    spec = workflow.spec
    yield from too_many("", "templates", len(workflow.templates), MOST_TEMPLATES)
    yield from too_many("", "parameters", len(workflow.parameters), MOST_PARAMETERS)
    yield from too_many("", "metrics", len(spec.get("metrics", {}).get("prometheus", [])), MOST_METRICS)
    for template in workflow.templates:
        place = f"template {template.get('name', '')!r}"
        yield from too_many(place, "tasks", len(template.get("dag", {}).get("tasks", [])), MOST_TASKS)
        parameters = template.get("inputs", {}).get("parameters", [])
        yield from too_many(place, "parameters", len(parameters), MOST_PARAMETERS)


def _removed_in_4_0(workflow: Workflow) -> Iterator[Finding]:
    places: list[tuple[str, Any]] = [("", workflow.spec)]
    places += [(f"template {each.get('name', '')!r}", each) for each in workflow.templates]
    for place, data in places:
        synchronization = data.get("synchronization", {})
        for field in ("mutex", "semaphore"):
            if field in synchronization:
                message = f"the field {field!r} of synchronization is gone since Argo 4.0"
                yield Finding(workflow.object, place, "field-removed", message)
        if "podPriority" in data:
            yield Finding(
                workflow.object, place, "field-removed", "the field 'podPriority' is gone since Argo 4.0"
            )


def _newer_than_3_6(workflow: Workflow) -> Iterator[Finding]:
    for template in workflow.templates:
        place = f"template {template.get('name', '')!r}"
        if "annotations" in template:
            yield Finding(workflow.object, place, "field-new", "a template has 'annotations' since Argo 3.7")
        if "cap" in template.get("retryStrategy", {}).get("backoff", {}):
            yield Finding(workflow.object, place, "field-new", "a backoff has 'cap' since Argo 3.7")
        if "lastRetry" in template.get("podSpecPatch", ""):
            yield Finding(workflow.object, place, "field-new", "a patch knows 'lastRetry' since Argo 3.7")


def _shapes(workflow: Workflow) -> Iterator[Finding]:
    for template in workflow.templates:
        place = f"template {template.get('name', '')!r}"
        kinds = [kind for kind in _TYPES if kind in template]
        if len(kinds) != 1:
            found = " and ".join(kinds) or "none"
            yield Finding(
                workflow.object, place, "template-type", f"it has to have one type, and has {found}"
            )
        if {"dag", "steps"} & set(kinds):
            for field in ("activeDeadlineSeconds", "timeout"):
                if field in template:
                    yield Finding(workflow.object, place, "field-misplaced", f"only pods can have {field!r}")
            if not calls_in(template):
                yield Finding(workflow.object, place, "no-tasks", "it has no tasks")
    for call in workflow.calls():
        if "depends" in call.data and "dependencies" in call.data:
            message = "it has both 'depends' and 'dependencies'"
            yield Finding(workflow.object, call.place, "depends-twice", message)
        if "depends" in call.data and "continueOn" in call.data:
            message = "'continueOn' does not go with 'depends'"
            yield Finding(workflow.object, call.place, "continue-on", message)


def _zone_is_known(name: str | None) -> bool:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if not name:
        return True
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _text(version: Version) -> str:
    return ".".join(map(str, version))
