"""The decisions about a step that you may want to take differently: override a method, and name the class."""

from __future__ import annotations

from hera.workflows import models

from metaflow_provider.plan import FlowPlan, Step

from ..settings import Settings
from .names import Names
from .pods import step_template
from .resources import resources
from .retries import retry_strategy


class Translator:
    """What becomes of each step. Every method has the step as its argument and may call the default.

    Args:
        plan: the flow.
        settings: cluster and wishes.

    Example:
        >>> class Important(Translator):
        ...     def template(self, step):
        ...         template = super().template(step)
        ...         template.priority_class_name = "high"
        ...         return template
    """

    def __init__(self, plan: FlowPlan, settings: Settings) -> None:
        self.plan = plan
        self.settings = settings
        names = Names()
        self._names = {step.name: names.unique(step.name) for step in plan.steps}

    def name(self, step: Step) -> str:
        """Name of the step's template; its task always has the step's own name."""
        return self._names[step.name]

    def resources(self, step: Step) -> models.ResourceRequirements:
        """Processors, memory, disk and GPUs of the step's container.

        Example:
            >>> def resources(self, step):
            ...     found = super().resources(step)
            ...     found.limits = {**(found.limits or {}), "memory": found.requests["memory"]}
            ...     return found
        """
        return resources(step)

    def retry(self, step: Step) -> models.RetryStrategy | None:
        """When a pod is tried again; of a gang's only the delay applies, since no exit status of it is known.

        Example:
            >>> def retry(self, step):
            ...     strategy = super().retry(step)
            ...     strategy.backoff = models.Backoff(duration="30s", factor="2", max_duration="10m")
            ...     return strategy
        """
        return retry_strategy(step, loop=self.plan.graph[step.name].loop)

    def labels(self, step: Step) -> dict[str, str]:
        """Labels of the step's pods, beside those of every pod of the run."""
        return dict(step.compute.attributes.get("labels") or {})

    def annotations(self, step: Step) -> dict[str, str]:
        """Annotations of the step's pods, beside those of every pod of the run.

        Example:
            >>> def annotations(self, step):
            ...     return {**super().annotations(step), "example.com/team": "ranking"}
        """
        return dict(step.compute.attributes.get("annotations") or {})

    def template(self, step: Step) -> models.Template:
        """The whole template of the step's pod; what steps have in common moves to `templateDefaults`.

        Example:
            >>> def template(self, step):
            ...     template = super().template(step)
            ...     template.node_selector = {"pool": "batch"}
            ...     return template
        """
        return step_template(
            self.plan,
            step,
            self.settings,
            name=self.name(step),
            resources=self.resources(step),
            retry=self.retry(step),
            labels=self.labels(step),
            annotations=self.annotations(step),
        )
