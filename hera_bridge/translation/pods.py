"""The template of a step's pod: image, command, variables and everything that `@kubernetes` says."""

from __future__ import annotations

import json
from typing import Any

from hera.workflows import models

from metaflow_extensions.orchestrators.core.graph import FOREACH, SWITCH, Node
from metaflow_provider.plan import FlowPlan, Step
from metaflow_provider.plan.container import container_command

from ..settings import Settings
from .attributes import listed, modelled, refusal, texts, whole_number
from .environment import HAND_OVER_FOLDER, PARAMETERS_FILE, counted_loop, environment, hands_over
from .labels import STEP_ANNOTATION
from .parameters import parameters_file
from .volumes import mounted

_INIT_SCRIPT = r"${METAFLOW_INIT_SCRIPT:+eval \"${METAFLOW_INIT_SCRIPT}\"}"
# On top of a step's own limit: to make its environment, and for Metaflow to act on the limit first.
_TIMEOUT_MARGIN_SECONDS = 600


def step_template(
    plan: FlowPlan,
    step: Step,
    settings: Settings,
    *,
    name: str,
    resources: models.ResourceRequirements,
    retry: models.RetryStrategy | None,
    labels: dict[str, str],
    annotations: dict[str, str],
) -> models.Template:
    """The whole template of a step, whatever other steps have in common with it.

    Raises:
        Refusal: an attribute that is wrong, or that Kubernetes does not take.
    """
    attributes = step.compute.attributes
    _check_namespace(step, settings)
    node = plan.graph[step.name]
    return models.Template(
        name=name,
        metadata=models.Metadata(
            annotations={**annotations, STEP_ANNOTATION: step.name, **_attempt(retry)},
            labels=labels or None,
        ),
        inputs=_inputs(plan, node),
        outputs=_outputs(node),
        active_deadline_seconds=_deadline(step, settings, node),
        service_account_name=attributes.get("service_account") or None,
        node_selector=texts(step, "node_selector") or None,
        tolerations=[
            modelled(step, "tolerations", models.Toleration, each)
            for each in attributes.get("tolerations") or []
        ]
        or None,
        volumes=[each.volume for each in mounted(step)] or None,
        pod_spec_patch=_pull_secrets(attributes),
        retry_strategy=retry,
        container=_container(plan, step, settings, resources),
    )


def _container(
    plan: FlowPlan, step: Step, settings: Settings, resources: models.ResourceRequirements
) -> models.Container:
    attributes = step.compute.attributes
    secrets = [*listed(attributes.get("secrets")), *settings.secrets]
    port = whole_number(step, "port") if attributes.get("port") else 0
    return models.Container(
        image=attributes["image"],
        image_pull_policy=attributes.get("image_pull_policy") or None,
        command=command(plan, step),
        env=environment(plan, step, settings),
        env_from=[
            models.EnvFromSource(secret_ref=models.SecretEnvSource(name=name))
            for name in dict.fromkeys(secrets)
        ]
        or None,
        resources=resources,
        ports=[models.ContainerPort(container_port=port)] if port else None,
        security_context=_security_context(step),
        volume_mounts=[each.mount for each in mounted(step)] or None,
        termination_message_policy="FallbackToLogsOnError",
    )


def command(plan: FlowPlan, step: Step, entry: str = "container") -> list[str]:
    """The command of a pod; a platform's own script, if there is one, comes first, as in stock Metaflow."""
    return container_command(plan, step, entry, before=[_INIT_SCRIPT])


def _inputs(plan: FlowPlan, node: Node) -> models.Inputs | None:
    names = [*(["index"] if node.scope else []), *(["iterations"] if counted_loop(plan, node) else [])]
    parameters = [models.Parameter(name=name) for name in names]
    artifacts = []
    if node.step == plan.graph.start and plan.parameters:
        content = models.RawArtifact(data=parameters_file(plan))
        artifacts = [models.Artifact(name="parameters", path=PARAMETERS_FILE, raw=content)]
    if not parameters and not artifacts:
        return None
    return models.Inputs(parameters=parameters or None, artifacts=artifacts or None)


def _outputs(node: Node) -> models.Outputs | None:
    if not hands_over(node):
        return None
    names = {FOREACH: ["n"], SWITCH: ["next"]}[node.kind] + (["iterations"] if node.loop else [])
    return models.Outputs(
        parameters=[
            models.Parameter(name=name, value_from=models.ValueFrom(path=f"{HAND_OVER_FOLDER}/{name}"))
            for name in names
        ]
    )


def _deadline(step: Step, settings: Settings, node: Node) -> Any:
    """Seconds after which Kubernetes ends the pod; a loop's iterations have limits of their own."""
    if node.loop:
        return None
    return settings.default_timeout if step.timeout is None else step.timeout + _TIMEOUT_MARGIN_SECONDS


def _attempt(retry: models.RetryStrategy | None) -> dict[str, str]:
    return {"metaflow/attempt": "{{retries}}"} if retry else {}


def _pull_secrets(attributes: dict[str, Any]) -> str | None:
    """Templates have no field for these secrets, only patches of their pods."""
    names = listed(attributes.get("image_pull_secrets"))
    return json.dumps({"imagePullSecrets": [{"name": name} for name in names]}) if names else None


def _security_context(step: Step) -> models.SecurityContext | None:
    given = step.compute.attributes.get("security_context")
    return modelled(step, "security_context", models.SecurityContext, given) if given else None


def _check_namespace(step: Step, settings: Settings) -> None:
    namespace = step.compute.attributes.get("namespace")
    if namespace and namespace != settings.namespace:
        raise refusal(
            step,
            f"namespace={namespace}, but a run is in one namespace of Kubernetes, here {settings.namespace}",
            "remove it, or set METAFLOW_KUBERNETES_NAMESPACE",
        )
