"""Names: what characters Argo and Kubernetes take, how long they are, and none twice.

https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from ..kubernetes_names import is_label
from .finding import Finding
from .workflow import Workflow, calls_in, names

LONGEST_NAME = 128
LONGEST_WORKFLOW_TEMPLATE, LONGEST_CRON_WORKFLOW = 63, 52
_OBJECT = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_TEMPLATE = re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9]*")
_PARAMETER = re.compile(r"[-a-zA-Z0-9_]+")


def findings(workflow: Workflow) -> Iterator[Finding]:
    """Names of templates, tasks and parameters."""
    for template in workflow.templates:
        name = str(template.get("name", ""))
        place = f"template {name!r}"
        if not _TEMPLATE.fullmatch(name) or len(name) > LONGEST_NAME:
            yield Finding(
                workflow.object,
                place,
                "template-name",
                f"a name has letters, digits and '-', {LONGEST_NAME} characters at most, and begins with a "
                "letter or digit",
            )
        for called in names(calls_in(template)):
            if not _TEMPLATE.fullmatch(called) or len(called) > LONGEST_NAME or called[0].isdigit():
                yield Finding(
                    workflow.object,
                    f"{place}, task {called!r}",
                    "task-name",
                    f"a name has letters, digits and '-', {LONGEST_NAME} characters at most, and begins with "
                    "a letter",
                )
        yield from _twice(workflow, place, "task", names(calls_in(template)))
        inputs = names(template.get("inputs", {}).get("parameters", []))
        yield from _twice(workflow, place, "input parameter", inputs)
        yield from _parameters(workflow, place, inputs)
    yield from _twice(workflow, "", "template", list(map(str, names(workflow.templates))))
    declared = names(workflow.spec.get("arguments", {}).get("parameters", []))
    yield from _twice(workflow, "", "parameter", declared)
    yield from _parameters(workflow, "", declared)


def object_findings(manifest: dict[str, object], where: str) -> Iterator[Finding]:
    """The name and the labels of an object itself."""
    metadata = manifest.get("metadata", {})
    assert isinstance(metadata, dict)
    name = str(metadata.get("name", ""))
    longest = LONGEST_CRON_WORKFLOW if manifest.get("kind") == "CronWorkflow" else LONGEST_WORKFLOW_TEMPLATE
    if not _OBJECT.fullmatch(name):
        yield Finding(
            where, "", "object-name", "a name has small letters, digits, '-' and '.', and begins and ends so"
        )
    if len(name) > longest:
        yield Finding(where, "", "object-name", f"the name has {len(name)} characters, {longest} are allowed")
    for key, value in metadata.get("labels", {}).items():
        if not is_label(str(value)):
            yield Finding(where, f"label {key!r}", "label-value", f"{value!r} cannot be the value of a label")


def _twice(workflow: Workflow, place: str, what: str, given: list[str]) -> Iterator[Finding]:
    for name, count in Counter(given).items():
        if count > 1:
            message = f"there are {count} of the {what} {name!r}"
            yield Finding(workflow.object, place, "name-twice", message)


def _parameters(workflow: Workflow, place: str, given: list[str]) -> Iterator[Finding]:
    for name in given:
        if not _PARAMETER.fullmatch(name):
            message = f"{name!r} is no name of a parameter, which has letters, digits, '-' and '_'"
            yield Finding(workflow.object, place, "parameter-name", message)
