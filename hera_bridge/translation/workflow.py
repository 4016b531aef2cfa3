"""From a plan to a WorkflowTemplate and its CronWorkflows. Pure, and offline.

Reading order: `pods` (a step's template), `shapes` (what templates share), `dag` (the graph of tasks), and
here what a run has around them.
"""

from __future__ import annotations

from hera.workflows import WorkflowTemplate, models

from metaflow_provider.plan import FlowPlan

from ..bundle import Bundle
from ..settings import Settings
from .dag import Dags
from .gang import gang_templates, service_template
from .helpers import Helpers
from .labels import labels, run_annotations, template_annotations
from .names import HEARTBEAT, Names
from .parameters import workflow_parameters
from .schedules import cron_workflows
from .shapes import Pods, share
from .translator import Translator


def translate(translator: Translator) -> Bundle:
    """The native objects of the translator's plan.

    Raises:
        Refusal: something that Kubernetes or Argo does not take.
    """
    plan, settings = translator.plan, translator.settings
    names = Names()
    for step in plan.steps:
        names.take(translator.name(step))
    helpers = Helpers(plan, settings, names, translator.template(plan.steps[0]))
    pods = _pods(translator, names)
    entrypoint = names.unique(plan.flow)
    dags = Dags(plan, pods, names, entrypoint)
    if settings.heartbeat:
        [main] = [each.dag for each in dags.templates if each.name == entrypoint]
        assert main is not None
        main.tasks.append(models.DAGTask(name=HEARTBEAT, template=HEARTBEAT))
    templates = [*dags.templates, *pods.templates, *helpers.templates]
    workflow_template = _workflow_template(plan, settings, entrypoint, templates, pods.defaults)
    workflow_template.on_exit = helpers.on_exit
    step_names = {step.name: translator.name(step) for step in plan.steps}
    return Bundle(workflow_template, cron_workflows(plan, settings), pods.of, dags.tasks, step_names)


def _pods(translator: Translator, names: Names) -> Pods:
    """Templates of the steps' pods; those of gangs share nothing with others."""
    plan, settings = translator.plan, translator.settings
    full = {step.name: translator.template(step) for step in plan.steps}
    gangs = {
        step.name: gang_templates(
            step,
            full.pop(step.name),
            settings,
            _pod_metadata(plan),
            names.unique(step.name, "nodes"),
        )
        for step in plan.steps
        if plan.graph[step.name].gang
    }
    pods = share(full, names)
    of = {step.name: gangs[step.name][0] if step.name in gangs else pods.of[step.name] for step in plan.steps}
    further = [template for _, *others in gangs.values() for template in others]
    if further:
        further.append(service_template())
    return Pods(pods.defaults, of, tuple(further))


def _workflow_template(
    plan: FlowPlan,
    settings: Settings,
    entrypoint: str,
    templates: list[models.Template],
    defaults: models.Template,
) -> WorkflowTemplate:
    ttl = settings.keep_seconds
    return WorkflowTemplate(
        name=plan.name,
        namespace=settings.namespace,
        labels={**labels(plan), "app.kubernetes.io/name": "metaflow-flow"},
        annotations=template_annotations(plan, settings),
        entrypoint=entrypoint,
        arguments=models.Arguments(parameters=workflow_parameters(plan)) if plan.parameters else None,
        templates=list(templates),
        template_defaults=defaults,
        parallelism=plan.limits.max_workers,
        active_deadline_seconds=plan.limits.workflow_timeout,
        priority=settings.priority,
        ttl_strategy=None if ttl is None else models.TTLStrategy(seconds_after_completion=ttl),
        pod_gc=models.PodGC(strategy=settings.pod_gc) if settings.pod_gc else None,
        workflow_metadata=models.WorkflowMetadata(
            labels={**labels(plan), "app.kubernetes.io/name": "metaflow-run"},
            annotations=run_annotations(plan),
        ),
        pod_metadata=_pod_metadata(plan),
    )


def _pod_metadata(plan: FlowPlan) -> models.Metadata:
    return models.Metadata(
        labels={**labels(plan), "app.kubernetes.io/name": "metaflow-task"}, annotations=run_annotations(plan)
    )
