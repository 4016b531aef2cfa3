"""Variables of a step's pod. User data reaches a task only by these and by files, never by a shell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hera.workflows import models

from metaflow_extensions.orchestrators.core.graph import FOREACH, SWITCH, Node
from metaflow_provider.plan import FlowPlan, Refusal, Step
from metaflow_provider.plan.container import container_environment, container_request

from ..settings import Settings
from .attributes import refusal
from .volumes import has_tmpfs

STEP_NAME = "METAFLOW_STEP_NAME"
# Where a task leaves what Argo has to know of it, a file each.
HAND_OVER_FOLDER = "/tmp/metaflow-hand-over"
PARAMETERS_FILE = "/tmp/metaflow-parameters"

# How the ids of a gang's further nodes end, as `@kubernetes` has them.
WORKER_SUFFIX = "-worker-{worker}"

_TAG = "{{"
_HAS_TAG = "has '{{' in it, which Argo takes for the begin of a tag"
_OTHER_FORM = "give the value in another form, such as base64"

_RUN = "argo-{{workflow.name}}"
_RUN_NAME_FIELD = "argo-workflow-name"
# The variable, and the pod's field that it shows.
_FIELDS = {
    "METAFLOW_KUBERNETES_NAMESPACE": "metadata.namespace",
    "METAFLOW_KUBERNETES_POD_NAMESPACE": "metadata.namespace",
    "METAFLOW_KUBERNETES_POD_NAME": "metadata.name",
    "METAFLOW_KUBERNETES_POD_ID": "metadata.uid",
    "METAFLOW_KUBERNETES_SERVICE_ACCOUNT_NAME": "spec.serviceAccountName",
    "METAFLOW_KUBERNETES_NODE_IP": "status.hostIP",
}
JOB = "METAFLOW_ORCHESTRATORS_JOB"


def hands_over(node: Node) -> bool:
    """Whether Argo has to know what a task of the step did: how many splits, or which way."""
    return node.kind in (FOREACH, SWITCH)


def counted_loop(plan: FlowPlan, node: Node) -> str:
    """The loop that leads to a step, and nothing else does: Argo tells the step how often it ran."""
    if node.joins is None and len(node.parents) == 1:
        parent = plan.graph[node.parents[0]]
        if parent.loop and parent.scope == node.scope:
            return parent.step
    return ""


def environment(plan: FlowPlan, step: Step, settings: Settings) -> list[models.EnvVar]:
    """Variables of the step's pod, by name.

    Raises:
        Refusal: a value of `@environment` that Argo would take for a tag.
    """
    for name, value in step.environment.items():
        if _TAG in value:
            raise refusal(step, f"the value of {name} {_HAS_TAG}", _OTHER_FORM, decorator="environment")
    values = {
        **{name: exact(value) for name, value in container_environment(plan, step).items()},
        **setting_variables(settings.variables),
        **dict(_own(plan, step, settings)),
        **{name: exact(value) for name, value in step.environment.items()},
    }
    found = {name: models.EnvVar(name=name, value=value) for name, value in values.items()}
    for name, path in [*_FIELDS.items(), (JOB, "metadata.name")]:
        reference = models.ObjectFieldSelector(field_path=path)
        found[name] = models.EnvVar(name=name, value_from=models.EnvVarSource(field_ref=reference))
    for name, key in settings.secret_variables.items():
        selector = models.SecretKeySelector(name=key.secret, key=key.key)
        found[name] = models.EnvVar(name=name, value_from=models.EnvVarSource(secret_key_ref=selector))
    return [found[name] for name in sorted(found) if name not in settings.skipped_variables]


def setting_variables(values: Mapping[str, str]) -> dict[str, str]:
    """Variables whose values are settings, such as a script, so that pods get them as they are.

    Raises:
        Refusal: a value that Argo would take for a tag.
    """
    for name, value in values.items():
        if _TAG in value:
            raise Refusal(f"the setting {name} {_HAS_TAG}", remedy=_OTHER_FORM)
    return {name: exact(value) for name, value in values.items()}


def _own(plan: FlowPlan, step: Step, settings: Settings) -> Iterator[tuple[str, str]]:
    node = plan.graph[step.name]
    yield "METAFLOW_RUN_ID", _RUN
    yield STEP_NAME, step.name
    yield "METAFLOW_KUBERNETES_WORKLOAD", "1"
    yield "METAFLOW_RUNTIME_ENVIRONMENT", "kubernetes"
    yield "METAFLOW_RUNTIME_NAME", "argo-workflows"
    yield "ARGO_WORKFLOW_TEMPLATE", plan.name
    yield "ARGO_WORKFLOW_NAME", "{{workflow.name}}"
    yield "ARGO_WORKFLOW_NAMESPACE", settings.namespace
    yield "METAFLOW_ORCHESTRATORS_REQUEST", _request(plan, step, settings)
    yield "METAFLOW_ORCHESTRATORS_TASK", "t{{inputs.parameters.index}}" if node.scope else "t"
    if hands_over(node):
        yield "METAFLOW_ORCHESTRATORS_HAND_OVER", f"files:{HAND_OVER_FOLDER}"
    if step.name == plan.graph.start and plan.parameters:
        yield "METAFLOW_ORCHESTRATORS_PARAMETERS", f"file:{PARAMETERS_FILE}"
    loop = counted_loop(plan, node)
    if loop:
        yield "METAFLOW_ORCHESTRATORS_ITERATIONS", f"{loop}={{{{inputs.parameters.iterations}}}}"
    if has_tmpfs(step) and step.compute.attributes.get("tmpfs_tempdir"):
        yield "METAFLOW_TEMPDIR", step.compute.attributes["tmpfs_path"]


def _request(plan: FlowPlan, step: Step, settings: Settings) -> str:
    further: dict[str, Any] = {
        "metadata": {
            "argo-workflow-template": plan.name,
            "argo-workflow-namespace": settings.namespace,
            "argo-workflow-template-owner": plan.owner,
        }
    }
    node = plan.graph[step.name]
    if not node.loop:
        further["retries"] = {"losses_are_free": True}
    if node.gang:
        further["worker_suffix"] = WORKER_SUFFIX
    return quiet_json(container_request(plan, step, _RUN_NAME_FIELD, loop=node.loop, **further))


def exact(text: str) -> str:
    """A text as Kubernetes has to get it so that a process gets it: without references to variables.

    https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/

    Example:
        >>> exact("costs $5"), exact("is $(HOME)")
        ('costs $5', 'is $$(HOME)')
    """
    return text.replace("$", "$$") if "$(" in text or "$$" in text else text


def quiet_json(text: str) -> str:
    r"""The same JSON without what Argo and Kubernetes would replace in it.

    Example:
        >>> quiet_json('["{{workflow.name}} $(HOME)"]')
        '["{\\u007bworkflow.name}} \\u0024(HOME)"]'
    """
    return text.replace("{{", "{\\u007b").replace("$", "\\u0024")
