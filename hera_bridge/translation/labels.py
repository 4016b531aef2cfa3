"""Labels to select by, and annotations: those by which stock Metaflow, too, knows its deployments."""

from __future__ import annotations

import json
import re
from typing import Any

from metaflow_provider.plan import FlowPlan

from ..settings import Settings

PART_OF = {"app.kubernetes.io/part-of": "metaflow"}
FLOW_LABEL = "metaflow.org/flow"
TEMPLATE_LABEL = "metaflow.org/template"
# By which the JobSets and Jobs of a run's gangs are found.
RUN_LABEL = "metaflow.org/workflow"
# How the templates of pods, stock Metaflow's too, tell which step they are for.
STEP_ANNOTATION, STEP_INPUT = "metaflow/step_name", "step"
_RUN_ID = "argo-{{workflow.name}}"
_NOT_IN_LABELS = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST_LABEL = 63


def labels(plan: FlowPlan) -> dict[str, str]:
    """Labels of all objects of a deployment, and of its runs and pods."""
    return {
        **PART_OF,
        FLOW_LABEL: label_value(plan.flow),
        TEMPLATE_LABEL: label_value(plan.name),
    }


def label_value(text: str) -> str:
    """A text as far as it can be the value of a label.

    https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set

    Example:
        >>> label_value("_Train")
        'Train'
    """
    return _NOT_IN_LABELS.sub("-", text)[:_LONGEST_LABEL].strip("._-")


def base_annotations(plan: FlowPlan) -> dict[str, str]:
    """Annotations of everything: whose deployment it is, of which flow."""
    found = {
        "metaflow/production_token": plan.production_token,
        "metaflow/owner": plan.owner,
        "metaflow/user": "argo-workflows",
        "metaflow/flow_name": plan.flow,
    }
    if plan.project:
        found |= {
            "metaflow/project_name": plan.project.name,
            "metaflow/branch_name": plan.project.branch,
            "metaflow/project_flow_name": f"{plan.project.name}.{plan.project.branch}.{plan.flow}",
        }
    return found


def run_annotations(plan: FlowPlan) -> dict[str, str]:
    """Annotations of runs and their pods."""
    return {**base_annotations(plan), "metaflow/run_id": _RUN_ID}


def template_annotations(plan: FlowPlan, settings: Settings) -> dict[str, str]:
    """Annotations of the WorkflowTemplate."""
    title = settings.title or (base_annotations(plan).get("metaflow/project_flow_name") or plan.flow)
    found = {
        **base_annotations(plan),
        "workflows.argoproj.io/title": title.strip(),
        "workflows.argoproj.io/description": (settings.description or plan.doc).strip(),
    }
    if plan.parameters:
        found["metaflow/parameters"] = _json({each.name: _parameter(each) for each in plan.parameters})
    if plan.tags:
        found["metaflow/tags"] = _json(plan.tags)
    if plan.schedules:
        [schedule, *_] = plan.schedules
        found["metaflow/cron"] = _json({"schedule": schedule.cron, "tz": schedule.timezone})
    found |= _notified(settings)
    return {name: value for name, value in found.items() if value}


def _notified(settings: Settings) -> dict[str, str]:
    """Who is told of what, as stock Metaflow notes it."""
    told = {
        "metaflow/notify_on_error": {each.name for each in settings.notifications if each.on_error},
        "metaflow/notify_on_success": {each.name for each in settings.notifications if each.on_success},
    }
    services = ("slack", "pager-duty", "incident-io")
    return {
        name: _json({service.replace("-", "_"): service in found for service in services})
        for name, found in told.items()
        if found
    }


def _parameter(parameter: Any) -> dict[str, Any]:
    from .parameters import default_value

    # Stock Metaflow's names.
    return {
        "name": parameter.name,
        "python_var_name": parameter.name,
        "type": {"json": "JSON", "file": "FilePath"}.get(parameter.type, parameter.type),
        "is_required": parameter.required,
        "value": default_value(parameter),
        "description": parameter.help or None,
    }


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
