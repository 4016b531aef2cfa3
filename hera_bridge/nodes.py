"""The nodes of a workflow's status: which task failed, of which step, at which attempt.

https://argo-workflows.readthedocs.io/en/latest/fields/#nodestatus
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .clients.errors import one_line
from .clients.kinds import Object, annotations_of, name_of
from .translation.labels import STEP_ANNOTATION, STEP_INPUT

_HOOKS = (".onExit", ".hooks.")
_FAILED = ("Failed", "Error")
_EXIT_CODE = re.compile(r"Error \(exit code \d+\)")
# What Argo's executor and our runtime print after the reason.
_NOISE = re.compile(r" argo=true|^Error: exit status \d+$|^Task \S+, attempt \d+, failed: ")
_GZIP = 16 + zlib.MAX_WBITS
_LONGEST_POD_PREFIX = 253 - 11
# By a node's id: the node of all its tries, and which of them it is.
Attempts = Mapping[str, tuple[Mapping[str, Any], int]]


@dataclass(frozen=True)
class PodTask:
    """A try of a task, which is a pod.

    Attributes:
        step: name of the step; of what is no step, the name of its template.
        index: where in the foreach steps around it, outermost first, as in `2-5`; empty outside of them.
        attempt: counted from 0.
        phase: as Argo calls it, such as `Pending`.
        message: in Argo's words, in one line.
        pod: its name.
    """

    step: str
    index: str
    attempt: int
    phase: str
    message: str
    pod: str

    @property
    def name(self) -> str:
        """Step, index and attempt, for people."""
        place = f", index {self.index}" if self.index else ""
        return f"{self.step}{place}, attempt {self.attempt}"


def nodes_of(workflow: Mapping[str, Any]) -> dict[str, Any]:
    """The nodes by id. Those of a large workflow are packed, or out of reach in the controller's database.

    https://argo-workflows.readthedocs.io/en/latest/offloading-large-workflows/
    """
    status = workflow.get("status") or {}
    if packed := status.get("compressedNodes"):
        unpacked: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(packed), _GZIP))
        return unpacked
    return status.get("nodes") or {}


def pod_tasks(workflow: Object) -> list[PodTask]:
    """Every try of every task, in the order in which they began; of exit handlers and the like, too."""
    nodes = nodes_of(workflow)
    attempts = _attempts(nodes)
    pods = [node for node in nodes.values() if node.get("type") == "Pod"]
    pods.sort(key=lambda node: str(node.get("startedAt") or ""))
    return [_pod_task(node, workflow, attempts) for node in pods]


def failed_task(workflow: Object) -> PodTask | None:
    """The task whose failure ended the run: the one that failed for good first; `None` when no pod did.

    Example:
        >>> failed_task(client.get(WORKFLOW, "train-x7k2p")).step
        'fit'
    """
    nodes = nodes_of(workflow)
    attempts = _attempts(nodes)
    failed = [
        node
        for node in nodes.values()
        if node.get("type") == "Pod" and _is_final(node, attempts) and not _is_hook(node, workflow)
    ]
    if not failed:
        return None
    return _pod_task(min(failed, key=lambda each: each.get("finishedAt") or ""), workflow, attempts)


def _attempts(nodes: Mapping[str, Any]) -> Attempts:
    return {
        child: (retry, attempt)
        for retry in nodes.values()
        if retry.get("type") == "Retry"
        for attempt, child in enumerate(retry.get("children") or [])
    }


def _pod_task(node: Mapping[str, Any], workflow: Object, attempts: Attempts) -> PodTask:
    phase = str(node.get("phase", ""))
    return PodTask(
        step=_step_of(node, workflow),
        index=str(_inputs(node).get("index", "")).strip("-"),
        attempt=attempts[node["id"]][1] if node["id"] in attempts else 0,
        phase=phase,
        message=_reason(str(node.get("message") or phase)),
        pod=_pod_name(name_of(workflow), node),
    )


def _pod_name(workflow: str, node: Mapping[str, Any]) -> str:
    """Name of a node's pod: the workflow, the template, and the number in the node's id.

    https://argo-workflows.readthedocs.io/en/latest/upgrading/ (pod names)
    """
    if node["name"] == workflow:
        return workflow
    prefix = f"{workflow}-{node['templateName']}"[:_LONGEST_POD_PREFIX]
    return f"{prefix}-{str(node['id']).rpartition('-')[2]}"


def _reason(message: str) -> str:
    """A node's message in one line.

    Argo puts the end of the log behind the exit code; of that, the last line that says why.
    """
    lines = [line.strip() for line in message.splitlines() if line.strip() and not _NOISE.search(line)]
    code = _EXIT_CODE.search(message)
    if code and len(lines) > 1:
        return f"{code[0]}: {lines[-1]}"
    return one_line(" ".join(lines) or message)


def _is_final(node: Mapping[str, Any], attempts: Attempts) -> bool:
    """Whether a node has failed, and is not tried again."""
    if node.get("phase") not in _FAILED:
        return False
    if node["id"] not in attempts:
        return True
    retry, _ = attempts[node["id"]]
    return retry.get("phase") in _FAILED and retry["children"][-1] == node["id"]


def _is_hook(node: Mapping[str, Any], workflow: Mapping[str, Any]) -> bool:
    """Whether a node belongs to an exit handler or another hook of the run, not to the flow."""
    return str(node["name"]).removeprefix(name_of(workflow)).startswith(_HOOKS)


def are_out_of_reach(workflow: Mapping[str, Any]) -> bool:
    """Whether the nodes are in the controller's database alone."""
    status = workflow.get("status") or {}
    return bool(status.get("offloadNodeStatusVersion")) and not nodes_of(workflow)


def _step_of(node: Mapping[str, Any], workflow: Mapping[str, Any]) -> str:
    """The step that a node of a workflow is of; of what is no step's, the name of its template."""
    template = str(node.get("templateName", ""))
    if STEP_INPUT in (inputs := _inputs(node)):
        return str(inputs[STEP_INPUT])
    status = workflow["status"]
    stored = status.get("storedWorkflowTemplateSpec") or {}
    for each in stored.get("templates") or []:
        if each.get("name") == template:
            said = annotations_of({"metadata": each.get("metadata") or {}})
            return said.get(STEP_ANNOTATION, template)
    return template


def _inputs(node: Mapping[str, Any]) -> dict[str, Any]:
    parameters = (node.get("inputs") or {}).get("parameters") or []
    return {each["name"]: each.get("value") for each in parameters}
