"""`@schedule` as a CronWorkflow of the deployment's name, in its time zone.

The plan's cron has five fields and numbers for weekdays, which every version of Argo reads.
https://argo-workflows.readthedocs.io/en/latest/cron-workflows/
"""

from __future__ import annotations

from hera.workflows import CronWorkflow, models

from metaflow_provider.plan import FlowPlan

from ..settings import Settings
from .labels import base_annotations, labels

# As stock Metaflow: late starts within the hour, and a history that Argo does not cut.
_STARTING_DEADLINE_SECONDS = 3540
_HISTORY = 10000


def cron_workflows(plan: FlowPlan, settings: Settings) -> list[CronWorkflow]:
    """The CronWorkflows of a plan: one for each time zone of its schedules, mostly none or one."""
    by_timezone: dict[str, list[str]] = {}
    for schedule in plan.schedules:
        by_timezone.setdefault(schedule.timezone, []).append(schedule.cron)
    return [
        CronWorkflow(
            name=plan.name if not number else f"{plan.name}-{number}",
            namespace=settings.namespace,
            labels=labels(plan),
            annotations=base_annotations(plan),
            schedules=list(dict.fromkeys(schedules)),
            timezone=timezone or None,
            cron_suspend=settings.suspended,
            concurrency_policy=settings.concurrency_policy or None,
            starting_deadline_seconds=_STARTING_DEADLINE_SECONDS,
            successful_jobs_history_limit=_HISTORY,
            failed_jobs_history_limit=_HISTORY,
            priority=settings.priority,
            workflow_template_ref=models.WorkflowTemplateRef(name=plan.name),
        )
        for number, (timezone, schedules) in enumerate(by_timezone.items())
    ]
