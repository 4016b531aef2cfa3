"""The events of tasks that succeed, which start other flows: with the names and fields of stock Metaflow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from metaflow import current

# Set for tasks that are to emit events; where to is Metaflow's own configuration.
EMIT = "METAFLOW_ORCHESTRATORS_EMIT_ARGO_EVENTS"
_END = "end"
_OF_PROJECT = ("project_name", "branch_name", "is_user_branch", "is_production", "project_flow_name")


def emit(flow: str, step: str, last_step: str) -> None:
    """Publish the events of the task that has just succeeded; a failure to do so is told on stderr.

    Args:
        flow: class name.
        step: of the task.
        last_step: the flow's.
    """
    from metaflow.plugins.argo.argo_events import ArgoEvent

    for name in event_names(current.get("project_flow_name", flow), step, last_step):
        event = ArgoEvent(name=name)
        for key, value in _payload(flow, step):
            event.add_to_payload(key, value)
        event.safe_publish(ignore_errors=True)


def event_names(flow: str, step: str, last_step: str) -> Iterator[str]:
    """That of the step, and for the last one that of every flow's end.

    Example:
        >>> list(event_names("demo.prod.Train", "finish", "finish"))
        ['metaflow.demo.prod.Train.finish', 'metaflow.demo.prod.Train.end']
    """
    yield f"metaflow.{flow}.{step}"
    if step == last_step and step != _END:
        yield f"metaflow.{flow}.{_END}"


def _payload(flow: str, step: str) -> Iterator[tuple[str, Any]]:
    yield "id", current.pathspec
    yield "pathspec", current.pathspec
    yield "flow_name", flow
    yield "run_id", current.run_id
    yield "step_name", step
    yield "task_id", current.task_id
    for key in _OF_PROJECT:
        if current.get(key):
            yield key, current.get(key)
    yield "auto-generated-by-metaflow", True
