"""Runs: Workflows of a flow's WorkflowTemplate."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from metaflow_provider.deployment import looks
from metaflow_provider.plan import Refusal

from .clients.errors import BUSY, UNREACHABLE, ArgoError
from .clients.kinds import WORKFLOW, Kind, Object, annotations_of, labels_of, name_of
from .clients.protocol import Client
from .deployment import Deployed
from .deployment.marks import FLOW
from .nodes import failed_task
from .translation.labels import PART_OF, RUN_LABEL, TEMPLATE_LABEL

PREFIX = "argo-"
"""What run ids begin with; the workflow's name follows."""

STATUSES = ("PENDING", "RUNNING", "SUCCEEDED", "FAILED")
_AT_WORK = ("PENDING", "RUNNING")
_LOG_LINES = 20
_FAILED_LOOKS = 3
_TERMINATE = "Terminate"
# What a step with `@parallel` makes; its manifest is no JSON before Argo has filled it in.
_GANG = re.compile(r'"apiVersion":"(?P<group>[^"/]+)/(?P<version>[^"]+)","kind":"(?P<name>JobSet|Job)"')


@dataclass(frozen=True)
class Failure:
    """Why a run has not succeeded.

    Attributes:
        step: where it failed; empty when it ended between steps.
        index: of the task in the foreach steps around it, outermost first, as in `2-5`.
        attempt: the task's last, counted from 0.
        reason: in one line, in the words of Argo and Kubernetes.
        pod: name of the attempt's pod.
        log: the last lines that the task printed, or one that says why they cannot be read.
    """

    reason: str
    step: str = ""
    index: str = ""
    attempt: int = 0
    pod: str = ""
    log: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.step:
            return self.reason
        place = f", index {self.index}" if self.index else ""
        return f"step {self.step}{place}, attempt {self.attempt}: {self.reason}"


class Run:
    """A run of a flow.

    Example:
        >>> run = ArgoWorkflows.from_deployment("train").trigger(alpha=3)
        >>> run.wait(timeout=3600)
        'FAILED'
        >>> print(run.failure())
        step fit, index 2, attempt 1: Error (exit code 1)
    """

    def __init__(self, client: Client, workflow: Object) -> None:
        self._client = client
        self.workflow = workflow
        """As it was when last asked for."""

    @property
    def id(self) -> str:
        """Metaflow's run id."""
        return PREFIX + self.name

    @property
    def name(self) -> str:
        """Name of the Workflow."""
        return name_of(self.workflow)

    @property
    def flow(self) -> str:
        """Class name of the flow; empty until the controller has seen the Workflow."""
        return annotations_of(self.workflow).get(FLOW, "")

    @property
    def status(self) -> str:
        """One of `STATUSES`, asked while the run is at work.

        Raises:
            ArgoError: the call failed.
        """
        if self.known_status in _AT_WORK:
            self.refresh()
        return self.known_status

    @property
    def known_status(self) -> str:
        """The status when the run was last asked for; asks nothing."""
        phase = (self.workflow.get("status") or {}).get("phase") or "Pending"
        return "FAILED" if phase == "Error" else str(phase).upper()

    @property
    def phase(self) -> str:
        """The status as Argo writes it: `Pending`, `Running`, `Succeeded` or `Failed`."""
        return self.status.capitalize()

    @property
    def started(self) -> datetime:
        """When it was created."""
        return _time(self.workflow["metadata"]["creationTimestamp"])

    @property
    def stopped(self) -> datetime | None:
        """When it ended, as far as is known; `None` while it is at work."""
        ended = (self.workflow.get("status") or {}).get("finishedAt")
        return _time(ended) if ended else None

    @property
    def is_suspended(self) -> bool:
        """Whether it starts no more tasks for now, as far as is known."""
        return bool(self.workflow["spec"].get("suspend"))

    def refresh(self) -> None:
        """Ask for the state of things.

        Raises:
            ArgoError: the call failed, or the Workflow is gone.
        """
        found = self._client.get(WORKFLOW, self.name)
        if found is None:
            raise ArgoError(
                f"There is no Workflow {self.name} in {self._client.where} any more; it was deleted, or its "
                "time to live is over"
            )
        self.workflow = found

    def wait(self, timeout: float | None = None, every: float = 5) -> str:
        """Wait for the run's end; returns its status. A cluster that is away for a few looks ends no wait.

        Args:
            timeout: in seconds; `None`: as long as it takes.
            every: seconds between two looks.

        Raises:
            TimeoutError: it is still at work.
            ArgoError: a call failed.
        """
        failed = 0
        for _ in looks(every, timeout):
            try:
                if self.status not in _AT_WORK:
                    return self.known_status
                failed = 0
            except ArgoError as error:
                failed += 1
                if error.code not in (UNREACHABLE, BUSY) or failed > _FAILED_LOOKS:
                    raise
        raise TimeoutError(f"Run {self.id} is still {self.known_status} after {timeout:g} seconds")

    def failure(self) -> Failure | None:
        """Why the run has not succeeded; `None` while it may, and when it did.

        Raises:
            ArgoError: a call failed.
        """
        status = self.status
        if status in _AT_WORK or status == "SUCCEEDED":
            return None
        return _failure(self._client, self.workflow)

    def terminate(self) -> None:
        """End the run now, with its pods and gangs.

        Raises:
            Refusal: it has ended, or was terminated before.
            ArgoError: a call failed.
        """
        self._refuse_ended("terminate")
        is_terminated = self.workflow["spec"].get("shutdown") == _TERMINATE
        if not is_terminated:
            self._client.terminate(self.name)
        for kind in _gangs(self.workflow):
            self._client.delete_all(kind, f"{RUN_LABEL}={self.name}")
        if is_terminated:
            raise Refusal("Execution has already been terminated.")

    def suspend(self) -> None:
        """Let the run start no more tasks; those at work go on.

        Raises:
            Refusal: it has ended, or is suspended.
            ArgoError: a call failed.
        """
        self._refuse_ended("suspend")
        if self.is_suspended:
            raise Refusal("Execution has already been suspended.")
        self._client.suspend(self.name)

    def unsuspend(self) -> None:
        """Let the run go on.

        Raises:
            Refusal: it has ended, or is not suspended.
            ArgoError: a call failed.
        """
        self._refuse_ended("unsuspend")
        if not self.is_suspended:
            raise Refusal("Execution is already proceeding.")
        self._client.unsuspend(self.name)

    def _refuse_ended(self, action: str) -> None:
        self.refresh()
        if self.known_status not in _AT_WORK:
            raise Refusal(f"Cannot {action} an execution that has already finished.")


def start_run(
    client: Client, deployed: Deployed, values: Mapping[str, str], name: str = "", user: str = ""
) -> Run:
    """Start a run.

    Args:
        client: where.
        deployed: the flow.
        values: by parameter, as JSON texts.
        name: of the Workflow; a new one if empty.
        user: who starts it.

    Raises:
        ArgoError: the call failed, such as when there is a Workflow of that name.
    """
    spec = deployed.template["spec"]
    metadata = {"name": name} if name else {"generateName": f"{deployed.name}-"}
    labels = (spec.get("workflowMetadata") or {}).get("labels") or {}
    annotations = {"metaflow/triggered_by_user": json.dumps({"type": "user", "name": user})}
    # A template's priority has no effect of its own. Strict controllers take few fields beside a reference.
    priority = {"priority": spec["priority"]} if spec.get("priority") is not None else {}
    manifest = {
        "apiVersion": WORKFLOW.api_version,
        "kind": WORKFLOW.name,
        "metadata": {
            **metadata,
            "namespace": client.namespace,
            "labels": labels,
            "annotations": annotations,
        },
        "spec": {
            "workflowTemplateRef": {"name": deployed.name},
            "arguments": {"parameters": [{"name": key, "value": value} for key, value in values.items()]},
            **priority,
        },
    }
    return Run(client, client.create(manifest))


def find_run(client: Client, deployed: Deployed, run_id: str) -> Run:
    """A run of a deployment by its id.

    Raises:
        Refusal: it is no run id, or there is no such run of this deployment.
        ArgoError: the call failed.
    """
    name = run_id.removeprefix(PREFIX)
    if not run_id.startswith(PREFIX) or not name:
        raise Refusal(
            f"{run_id} is no run of Argo Workflows: "
            f"Run IDs for flows executed through Argo Workflows begin with '{PREFIX}'"
        )
    workflow = client.get(WORKFLOW, name)
    if workflow is None:
        raise Refusal(
            f"Could not find workflow {name} on Argo Workflows",
            remedy="check the id and the namespace; Workflows whose time to live is over are deleted",
        )
    if not _is_of(workflow, deployed.name):
        other = annotations_of(workflow).get(FLOW) or "another"
        raise Refusal(
            f"The workflow with the run_id {run_id} belongs to the flow {other}, not to the deployment "
            f"{deployed.name} of the flow {deployed.flow}"
        )
    return Run(client, workflow)


def list_runs(client: Client, deployed: Deployed, statuses: Collection[str] = ()) -> Iterator[Run]:
    """Runs of a deployment, the latest first; of some statuses if they are given.

    Raises:
        ArgoError: a call failed.
    """
    found = [
        Run(client, workflow)
        for workflow in client.list(WORKFLOW, _selector(deployed))
        if _is_of(workflow, deployed.name)
    ]
    for run in sorted(found, key=lambda run: (run.started, run.name), reverse=True):
        if not statuses or run.known_status in statuses:
            yield run


def _selector(deployed: Deployed) -> str:
    """Selects runs of a deployment; where those of stock Metaflow have no label for that, of all flows."""
    labels = (deployed.template["spec"].get("workflowMetadata") or {}).get("labels") or {}
    chosen = {TEMPLATE_LABEL: labels[TEMPLATE_LABEL]} if TEMPLATE_LABEL in labels else PART_OF
    return ",".join(f"{name}={value}" for name, value in chosen.items())


def _is_of(workflow: Object, deployment: str) -> bool:
    reference = workflow["spec"].get("workflowTemplateRef") or {}
    return reference.get("name") == deployment or labels_of(workflow).get(TEMPLATE_LABEL) == deployment


def _failure(client: Client, workflow: Object) -> Failure:
    status = workflow["status"]
    reason = " ".join(str(status.get("message") or "nobody said why").split())
    if workflow["spec"].get("shutdown"):
        return Failure(f"the run was terminated: {reason}")
    failed = failed_task(workflow)
    if failed is None:
        return Failure(reason)
    return Failure(
        failed.message,
        step=failed.step,
        index=failed.index,
        attempt=failed.attempt,
        pod=failed.pod,
        log=end_of_log(client, name_of(workflow), failed.pod),
    )


def _gangs(workflow: Object) -> set[Kind]:
    """Kinds of the objects that the gangs of a run are, which Argo does not end with it."""
    spec = workflow.get("status", {}).get("storedWorkflowTemplateSpec", {})
    manifests = [each.get("resource", {}).get("manifest", "") for each in spec.get("templates", [])]
    found = [match for text in manifests for match in _GANG.finditer(text)]
    return {
        Kind(match["name"], f"{match['name'].lower()}s", match["group"], match["version"]) for match in found
    }


def end_of_log(client: Client, workflow: str, pod: str, lines: int = _LOG_LINES) -> tuple[str, ...]:
    """The last lines that a pod of a workflow printed, or one that says why they cannot be read."""
    try:
        return client.log(workflow, pod, lines) or (f"the pod {pod} is gone, and its log with it",)
    except ArgoError as error:
        return (f"the log cannot be read: {error}",)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
