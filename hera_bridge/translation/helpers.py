"""Small pods beside the steps: the heartbeat of a run, and what happens at its end.

They have the image, the account and the Secrets of the first step, which is known to start.
https://argo-workflows.readthedocs.io/en/latest/walk-through/exit-handlers/
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from hera.workflows import models
from hera.workflows.models.io.k8s.apimachinery.pkg.api.resource import Quantity
from hera.workflows.models.io.k8s.apimachinery.pkg.util.intstr import IntOrString

from metaflow_provider.plan import FlowPlan

from ..notifications import NAMESPACE, RUN_NAME, About, Notification
from ..secret_key import SecretKey
from ..settings import Settings
from .environment import quiet_json, setting_variables
from .names import CAPTURE, EXIT, HEARTBEAT, Names
from .pods import command

# A pod that cannot start, such as one whose Secret is missing, would keep the run from its end.
_LONGEST_SECONDS = 30 * 60
_FAILURES_FILE = "/tmp/metaflow-failures"
_CAPTURE_SCRIPT = "METAFLOW_ARGO_WORKFLOWS_CAPTURE_ERROR_SCRIPT"
_MESSAGE_INPUT = "message"


class Helpers:
    """Templates of a plan's small pods.

    Args:
        plan: the flow.
        settings: which of them there are.
        names: gives out names of templates.
        first: the whole template of the first step.
    """

    def __init__(self, plan: FlowPlan, settings: Settings, names: Names, first: models.Template) -> None:
        self._plan = plan
        self._settings = settings
        self._names = names
        self._first = first
        self._steps: list[models.WorkflowStep] = []
        self.templates: list[models.Template] = []
        if settings.heartbeat:
            self.templates.append(self._heartbeat())
        if settings.capture_errors:
            self.templates.append(self._capture())
        for notification in settings.notifications:
            self.templates.append(self._notify(notification))
        if self._steps:
            together = [models.ParallelSteps(root=list(self._steps))]
            self.templates.append(models.Template(name=EXIT, steps=together))

    @property
    def on_exit(self) -> str | None:
        """Name of the template for the end of a run, if anything is to be done then."""
        return EXIT if self._steps else None

    def _heartbeat(self) -> models.Template:
        # Argo does not try daemons again, but without a strategy a daemon that fails spoils the exit handler.
        backoff = models.Backoff(duration="1m")
        pod = self._pod(HEARTBEAT, "heartbeat", {})
        pod.daemon = True
        pod.active_deadline_seconds = None
        pod.retry_strategy = models.RetryStrategy(limit=IntOrString(root=10), backoff=backoff)
        return pod

    def _capture(self) -> models.Template:
        variables = {"METAFLOW_ORCHESTRATORS_FAILURES": _FAILURES_FILE}
        if self._settings.capture_script:
            variables |= setting_variables({_CAPTURE_SCRIPT: self._settings.capture_script})
        pod = self._pod(CAPTURE, "first_failure", variables)
        content = models.RawArtifact(data="{{=toBase64(workflow.failures)}}")
        pod.inputs = models.Inputs(
            artifacts=[models.Artifact(name="failures", path=_FAILURES_FILE, raw=content)]
        )
        self._at_end(CAPTURE, CAPTURE, succeeded=False)
        return pod

    def _notify(self, notification: Notification) -> models.Template:
        name = self._names.unique("notify", notification.name)
        variables = {"METAFLOW_ORCHESTRATORS_MESSAGE": f"{{{{inputs.parameters.{_MESSAGE_INPUT}}}}}"}
        pod = self._pod(name, "notification", variables)
        pod.inputs = models.Inputs(parameters=[models.Parameter(name=_MESSAGE_INPUT)])
        assert pod.container is not None
        assert pod.container.env is not None
        pod.container.env.append(
            secret_variable("METAFLOW_ORCHESTRATORS_MESSAGE_SECRET", notification.secret)
        )
        for succeeded in self._ends(notification):
            text = self._message(notification, succeeded)
            step = f"{name}-on-{'success' if succeeded else 'error'}"
            self._at_end(step, name, succeeded, [models.Parameter(name=_MESSAGE_INPUT, value=text)])
        return pod

    def _ends(self, notification: Notification) -> Iterator[bool]:
        if notification.on_error:
            yield False
        if notification.on_success:
            yield True

    def _message(self, notification: Notification, succeeded: bool) -> str:
        project = self._plan.project
        about = About(
            self._plan.flow,
            (project.name, project.branch) if project else None,
            self._settings.ui,
            self._settings.argo_ui,
        )
        text = quiet_json(json.dumps(notification.message(about, succeeded), separators=(",", ":")))
        return text.replace(RUN_NAME, "{{workflow.name}}").replace(NAMESPACE, "{{workflow.namespace}}")

    def _at_end(
        self, name: str, template: str, succeeded: bool, arguments: list[models.Parameter] | None = None
    ) -> None:
        """Call a template at the end of such a run; its own failure does not count for the run."""
        self._steps.append(
            models.WorkflowStep(
                name=name,
                template=template,
                when=f"{{{{workflow.status}}}} {'==' if succeeded else '!='} Succeeded",
                arguments=models.Arguments(parameters=arguments) if arguments else None,
                continue_on=models.ContinueOn(error=True, failed=True),
            )
        )

    def _pod(self, name: str, entry: str, variables: dict[str, str]) -> models.Template:
        first = self._first
        assert first.container is not None
        return models.Template(
            name=name,
            active_deadline_seconds=IntOrString(root=_LONGEST_SECONDS),
            service_account_name=first.service_account_name,
            node_selector=first.node_selector,
            tolerations=first.tolerations,
            pod_spec_patch=first.pod_spec_patch,
            container=models.Container(
                image=first.container.image,
                image_pull_policy=first.container.image_pull_policy,
                command=command(self._plan, self._plan.steps[0], entry),
                env=[models.EnvVar(name=each, value=value) for each, value in variables.items()],
                env_from=first.container.env_from,
                resources=models.ResourceRequirements(
                    requests={"cpu": Quantity(root="200m"), "memory": Quantity(root="100Mi")},
                    limits={"cpu": Quantity(root="200m"), "memory": Quantity(root="500Mi")},
                ),
                security_context=first.container.security_context,
            ),
        )


def secret_variable(name: str, key: SecretKey) -> models.EnvVar:
    """A variable whose value is a key of a Secret."""
    selector = models.SecretKeySelector(name=key.secret, key=key.key)
    return models.EnvVar(name=name, value_from=models.EnvVarSource(secret_key_ref=selector))
