"""The decisions about a step that you may want to take differently: override a method, and name the class."""

from __future__ import annotations

import re
from typing import Any

from metaflow_provider.plan import FlowPlan, Step

from ..asl import Retry
from ..settings import Settings
from .attributes import whole_number
from .concurrency import concurrency
from .job_tags import emitted_tags
from .jobs import JobDefinition, job_definition

# Batch takes 128 characters, and the task's id follows.
_LONGEST_JOB_NAME = 80
_NOT_IN_JOB_NAMES = re.compile(r"[^A-Za-z0-9_-]")


class Translator:
    """What becomes of each step. Every method has the step as its argument and may call the default.

    Args:
        plan: the flow.
        settings: account and wishes.

    Example:
        >>> class Patient(Translator):
        ...     def retry(self, step):
        ...         return (Retry(error_equals=("States.TaskFailed",), max_attempts=5), )
    """

    def __init__(self, plan: FlowPlan, settings: Settings) -> None:
        self.plan = plan
        self.settings = settings
        self._concurrency = concurrency(plan.graph, plan.limits.max_workers)

    def queue(self, step: Step) -> str:
        """The Batch job queue.

        Example:
            >>> def queue(self, step):
            ...     return "gpu" if int(step.compute.attributes["gpu"] or 0) else super().queue(step)
        """
        return step.compute.attributes.get("queue") or self.settings.queue

    def resources(self, step: Step) -> list[dict[str, str]]:
        """Batch's `resourceRequirements`: `[{"type": "VCPU", "value": "2"}, ...]`; memory is in MiB.

        https://docs.aws.amazon.com/batch/latest/APIReference/API_ResourceRequirement.html
        """
        attributes = step.compute.attributes
        found = [
            {"type": "VCPU", "value": f"{float(attributes['cpu']):g}"},
            {"type": "MEMORY", "value": str(int(float(attributes["memory"])))},
        ]
        gpus = whole_number(step, "gpu", 0) if attributes.get("gpu") else 0
        if gpus:
            found.append({"type": "GPU", "value": str(gpus)})
        return found

    def job_definition(self, step: Step) -> JobDefinition:
        """The whole job definition.

        Example:
            >>> def job_definition(self, step):
            ...     body = super().job_definition(step).body
            ...     return JobDefinition({**body, "schedulingPriority": 10})
        """
        return job_definition(self.plan, step, self.settings, self.queue(step), self.resources(step))

    def job_name(self, step: Step) -> str:
        """Begin of the names of the step's jobs; the task's id follows."""
        name = _NOT_IN_JOB_NAMES.sub("-", f"{self.plan.flow}-{step.name}")
        return name.lstrip("_-")[:_LONGEST_JOB_NAME] or "metaflow"

    def retry(self, step: Step) -> tuple[Retry, ...]:
        """Rules for a failed job. Batch itself tries jobs again whose host was lost.

        Example:
            >>> def retry(self, step):
            ...     return ()
        """
        rules = [
            Retry(
                error_equals=("Batch.AWSBatchException",),
                interval_seconds=2,
                max_attempts=10,
                backoff_rate=2,
                max_delay_seconds=60,
                jitter_strategy="FULL",
            )
        ]
        if step.retry.engine_retries:
            rules.append(
                Retry(
                    error_equals=("States.TaskFailed",),
                    interval_seconds=max(1, 60 * step.retry.minutes_between),
                    max_attempts=step.retry.engine_retries,
                    backoff_rate=1,
                )
            )
        return tuple(rules)

    def tags(self, step: Step) -> dict[str, str]:
        """Tags of the step's jobs; those of `@batch(aws_batch_tags=)` are over those of the deployment.

        Example:
            >>> def tags(self, step):
            ...     return {**super().tags(step), "team": "ranking"}
        """
        emitted = emitted_tags(self.plan, step) if self.settings.emit_tags else {}
        own: dict[str, Any] = step.compute.attributes.get("aws_batch_tags") or {}
        return {**emitted, **self.settings.batch_tags, **own}

    def distributed(self, step: Step) -> bool:
        """Whether a foreach step becomes a Distributed Map, with an execution of its own for each item.

        An inline Map shares the history of its execution, which ends at 25,000 events: about 3,000 tasks.

        Example:
            >>> def distributed(self, step):
            ...     return step.name == "fan_out"
        """
        wish = self.settings.distributed
        return not self.plan.graph[step.name].scope if wish is None else wish

    def max_concurrency(self, step: Step) -> int:
        """How many items of a foreach step are at work at once."""
        return self._concurrency[step.name]
