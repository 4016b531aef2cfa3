"""A flow as native objects, to be edited before they are checked, written or deployed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hera.workflows import CronWorkflow, Workflow, WorkflowTemplate, models

from .checks import Finding, check
from .clients import Client, Object, write_objects
from .deployment_plan import DeploymentPlan, plan_deployment
from .handle import Deployment
from .translation.labels import STEP_INPUT
from .translation.shapes import is_shared, own_copy


class Bundle:
    """The objects of a deployment, all of Hera's own classes.

    Args:
        workflow_template: the flow.
        crons: its schedules.
        templates: the template of each step's pod.
        tasks: the task of each step in its DAG.
        names: of the templates that steps have when they share none.

    Example:
        >>> bundle.step("train").priority_class_name = "high"
        >>> bundle.workflow_template.pod_gc = models.PodGC(strategy="OnPodSuccess")
    """

    def __init__(
        self,
        workflow_template: WorkflowTemplate,
        crons: list[CronWorkflow],
        templates: dict[str, models.Template],
        tasks: dict[str, models.DAGTask],
        names: dict[str, str],
    ) -> None:
        self.workflow_template = workflow_template
        self.crons = crons
        self._templates = templates
        self._tasks = tasks
        self._names = names

    def step(self, name: str) -> models.Template:
        """The template of a step's pod; a step that shares it with others gets one of its own.

        Raises:
            KeyError: there is no such step.
        """
        template = self._templates[name]
        if is_shared(template):
            template = self._templates[name] = own_copy(template, name, self._names[name])
            templates = self.workflow_template.templates
            assert isinstance(templates, list)
            templates.append(template)
            task = self._tasks[name]
            task.template = template.name
            given = (task.arguments and task.arguments.parameters) or []
            kept = [each for each in given if each.name != STEP_INPUT]
            task.arguments = models.Arguments(parameters=kept) if kept else None
        return template

    def objects(self) -> list[dict[str, Any]]:
        """The objects as Kubernetes gets them, the WorkflowTemplate first."""
        return [plain(each) for each in [self.workflow_template, *self.crons]]

    def check(self, version: str = "") -> list[Finding]:
        """What Kubernetes or Argo would refuse or fail at; offline.

        Args:
            version: of Argo Workflows; empty: all that are supported.

        Raises:
            ValueError: a version that is none.
        """
        return check(self.objects(), version)

    def plan(self, client: Client, authorize: str = "", secrets: Iterable[Object] = ()) -> DeploymentPlan:
        """What a deployment would change. Reads from the cluster, and changes nothing.

        Args:
            client: where to deploy.
            authorize: production token of what is deployed, if it is another user's.
            secrets: Secrets that pods refer to, to be deployed with the flow.

        Raises:
            Refusal: the objects have errors, what is deployed is another user's or no Metaflow flow, or Argo
                is too old.
            ArgoError: a call failed.

        Example:
            >>> print(bundle.plan(Kubernetes("jobs")).diff())
            create WorkflowTemplate train
        """
        return plan_deployment(client, [*self.objects(), *secrets], authorize)

    def deploy(self, client: Client, authorize: str = "", secrets: Iterable[Object] = ()) -> Deployment:
        """Plan and apply at once.

        Raises:
            Refusal: as `plan`.
            ArgoError: a call failed; the text says what became of the changes before it.

        Example:
            >>> bundle.deploy(Kubernetes("jobs")).trigger(alpha=3).wait()
            'SUCCEEDED'
        """
        return self.plan(client, authorize, secrets).apply()

    def write(self, folder: Path) -> list[Path]:
        """Write each object to a file of its own, and one for Kustomize; returns the files.

        Raises:
            Refusal: the folder cannot be written to, or holds other people's files of these names.

        Example:
            >>> [path.name for path in bundle.write(Path("deploy"))]
            ['workflowtemplate-train.yaml', 'kustomization.yaml']
        """
        return write_objects(self.objects(), folder)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Names of the Kubernetes Secrets that the pods take values from, sorted."""
        return tuple(sorted(set(_secrets(self.objects()))))


def _secrets(data: Any) -> Iterator[str]:
    if isinstance(data, Mapping):
        for name, value in data.items():
            if name in ("secretRef", "secretKeyRef"):
                yield str(value["name"])
            else:
                yield from _secrets(value)
    elif isinstance(data, list):
        for value in data:
            yield from _secrets(value)


def plain(thing: Workflow) -> dict[str, Any]:
    """An object as plain data. Hera's own YAML can corrupt texts with tags, so it is not used."""
    data: dict[str, Any] = thing.to_dict()
    return data
