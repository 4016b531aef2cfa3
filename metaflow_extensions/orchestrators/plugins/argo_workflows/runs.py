"""Runs, looked at and changed by commands: they outlive what is deployed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from metaflow.exception import MetaflowException

from hera_bridge.api import ArgoWorkflows
from hera_bridge.clients import WORKFLOW, Client
from hera_bridge.clients.kinds import annotations_of
from hera_bridge.nodes import PodTask, are_out_of_reach, pod_tasks
from hera_bridge.runs import PREFIX, Run, end_of_log

from ..common.tokens import authorize_change
from .deployment import ENGINE, connect


class RunIdMismatch(MetaflowException):
    """A run that is not of this flow, project or branch, or of another engine."""

    headline = "Run ID mismatch"


@dataclass(frozen=True)
class Log:
    """The end of what a try of a task printed."""

    task: PodTask
    lines: tuple[str, ...]


def find_run(state: Any, run_id: str) -> Run:
    """A run of the flow by its id.

    Args:
        state: the `obj` of a click command of Metaflow's.
        run_id: Metaflow's.

    Raises:
        RunIdMismatch: it is no run of Argo Workflows, or of another flow.
        MetaflowException: there is no such run.
        ArgoError: the call failed.
    """
    return run_of_flow(connect(), state.flow.name, run_id)


def run_of_flow(client: Client, flow: str, run_id: str) -> Run:
    """A run of a flow by its id.

    Raises:
        RunIdMismatch: it is no run of Argo Workflows, or of another flow.
        MetaflowException: there is no such run.
        ArgoError: the call failed.
    """
    if not run_id.startswith(PREFIX):
        raise RunIdMismatch(
            f"Run IDs for flows executed through Argo Workflows begin with '{PREFIX}', {run_id} does not."
        )
    name = run_id.removeprefix(PREFIX)
    workflow = client.get(WORKFLOW, name)
    if workflow is None:
        raise MetaflowException(f"Could not find workflow *{name}* on Argo Workflows")
    run = Run(client, workflow)
    of = identity(client, run).get("metaflow/flow_name", "")
    if of != flow:
        raise RunIdMismatch(
            f"The workflow with the run_id *{run_id}* belongs to the flow *{of or 'unknown'}*, not for the "
            f"flow *{flow}*."
        )
    return run


def authorized_run(state: Any, run_id: str, authorize: str | None, command: str) -> Run:
    """A run of the flow, if this user may change it.

    Raises:
        RunIdMismatch: it is no run of Argo Workflows, or of another flow, project or branch.
        IncorrectProductionToken: it is another user's, and their token was not given.
        MetaflowException: there is no such run.
        ArgoError: the call failed.
    """
    run = find_run(state, run_id)
    said = identity(connect(), run)
    if _template(run) not in (state.deployment_name.name, state.deployment_name.old):
        _check_project(said)
    previous = said.get("metaflow/owner", ""), said.get("metaflow/production_token", "")
    name = replace(state.deployment_name, name=run.name)
    authorize_change(name, ENGINE, f"argo-workflows {command}", previous, authorize, state.echo)
    return run


def identity(client: Client, run: Run) -> dict[str, str]:
    """Annotations that say whose run it is; until the controller has seen a run, its template has them."""
    said = annotations_of(run.workflow)
    if "metaflow/flow_name" in said:
        return said
    template = _template(run)
    return annotations_of(ArgoWorkflows.from_deployment(template, client).template) if template else {}


def shown_status(run: Run, flow: str) -> str:
    """The status as stock Metaflow shows it: a run that nobody has registered yet is `PENDING`.

    Raises:
        ArgoError: the call failed.
    """
    status = run.status
    if status == "RUNNING" and not _is_registered(f"{flow}/{run.id}"):
        return "PENDING"
    return status


def logs(run: Run, step: str | None, lines: int) -> Iterator[Log]:
    """The ends of what a run's tasks printed, in the order in which they began.

    Args:
        run: which.
        step: of this step alone.
        lines: how many of each task.

    Raises:
        MetaflowException: the controller keeps them where only it can read them.
        ArgoError: a call failed.
    """
    client = connect()
    if are_out_of_reach(run.workflow):
        raise MetaflowException(
            f"The tasks of run *{run.id}* are in the Argo controller's database; read the logs with "
            f"kubectl logs --selector workflows.argoproj.io/workflow={run.name} --container main"
        )
    for task in pod_tasks(run.workflow):
        if step not in (None, task.step):
            continue
        if task.phase == "Pending":
            yield Log(task, ("the pod has not begun",))
        else:
            yield Log(task, end_of_log(client, run.name, task.pod, lines))


def _template(run: Run) -> str:
    """Name of the WorkflowTemplate that the run is of."""
    return str((run.workflow["spec"].get("workflowTemplateRef") or {}).get("name", ""))


def _check_project(said: dict[str, str]) -> None:
    from metaflow import current

    project, branch = said.get("metaflow/project_name"), said.get("metaflow/branch_name")
    if project and current.get("project_name") != project:
        raise RunIdMismatch(
            f"The workflow belongs to the project *{project}*. "
            "Please use the project decorator or --name to target the correct project"
        )
    if project and current.get("branch_name") != branch:
        raise RunIdMismatch(
            f"The workflow belongs to the branch *{branch}*. "
            "Please use --branch, --production or --name to target the correct branch"
        )


def _is_registered(pathspec: str) -> bool:
    from metaflow import Run as MetaflowRun
    from metaflow.exception import MetaflowNotFound

    try:
        MetaflowRun(pathspec, _namespace_check=False)
    except MetaflowNotFound:
        return False
    return True
