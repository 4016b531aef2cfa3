"""References: to templates, tasks, inputs and outputs that are there.

https://argo-workflows.readthedocs.io/en/latest/variables/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from .finding import Finding
from .workflow import Call, Data, Workflow, calls_in, names

_IN_DEPENDS = re.compile(r"([A-Za-z0-9][-A-Za-z0-9]*)(?:\.[A-Z][A-Za-z]+)?")
_TASK_OUTPUT = re.compile(
    r"\b(?:tasks|steps)(?:\.|\[')([-\w]+)(?:'\])?\.outputs\.parameters(?:\.|\[')([-\w]+)"
)
_INPUT = re.compile(r"\binputs\.parameters(?:\.|\[')([-\w]+)")
_WORKFLOW_PARAMETER = re.compile(r"\bworkflow\.parameters(?:\.|\[')([-\w]+)")
_TAG = re.compile(r"\{\{.*?\}\}", re.DOTALL)


def findings(workflow: Workflow) -> Iterator[Finding]:
    """References that lead nowhere."""
    for field in ("entrypoint", "onExit"):
        name = workflow.spec.get(field)
        if name and name not in workflow.by_name:
            yield _missing(workflow, field, name)
    for call in workflow.calls():
        yield from _template(workflow, call)
        yield from _dependencies(workflow, call)
        yield from _outputs(workflow, call)
    for template in workflow.templates:
        yield from _inputs(workflow, template)
    for name in sorted(set(_WORKFLOW_PARAMETER.findall(_tags(workflow.spec))) - workflow.parameters):
        message = f"the workflow has no parameter {name!r}"
        yield Finding(workflow.object, "", "parameter-missing", message)


def _template(workflow: Workflow, call: Call) -> Iterator[Finding]:
    name = call.data.get("template")
    if name is None:  # one of another WorkflowTemplate, or inline
        return
    if name not in workflow.by_name:
        yield _missing(workflow, call.place, name)
        return
    given = set(names(call.data.get("arguments", {}).get("parameters", [])))
    for parameter in workflow.by_name[name].get("inputs", {}).get("parameters", []):
        if parameter["name"] not in given and not {"value", "valueFrom", "default"} & set(parameter):
            message = f"template {name!r} needs the parameter {parameter['name']!r}, which is not given"
            yield Finding(workflow.object, call.place, "argument-missing", message)


def _dependencies(workflow: Workflow, call: Call) -> Iterator[Finding]:
    known = set(names(calls_in(call.template)))
    given = [*_IN_DEPENDS.findall(str(call.data.get("depends") or "")), *call.data.get("dependencies", [])]
    for name in dict.fromkeys(given):
        if name not in known:
            message = f"it depends on {name!r}, which is no task of this template"
            yield Finding(workflow.object, call.place, "task-missing", message)


def _outputs(workflow: Workflow, call: Call) -> Iterator[Finding]:
    tasks = {str(data.get("name", "")): data for data in calls_in(call.template)}
    for task, output in dict.fromkeys(_TASK_OUTPUT.findall(_tags(call.data))):
        if task not in tasks:
            message = f"it reads an output of {task!r}, which is no task of this template"
            yield Finding(workflow.object, call.place, "task-missing", message)
            continue
        template = workflow.by_name.get(str(tasks[task].get("template")))
        if template is None:
            continue
        if output not in names(template.get("outputs", {}).get("parameters", [])):
            message = f"it reads the output {output!r} of {task!r}, which its template does not have"
            yield Finding(workflow.object, call.place, "output-missing", message)


def _inputs(workflow: Workflow, template: Data) -> Iterator[Finding]:
    known = set(names(template.get("inputs", {}).get("parameters", [])))
    for name in sorted(set(_INPUT.findall(_tags(template))) - known):
        message = f"it reads the input {name!r}, which it does not have"
        yield Finding(workflow.object, f"template {template.get('name', '')!r}", "input-missing", message)


def _missing(workflow: Workflow, place: str, template: str) -> Finding:
    return Finding(workflow.object, place, "template-missing", f"there is no template {template!r}")


def _tags(data: Data) -> str:
    return " ".join(_TAG.findall(json.dumps(data)))
