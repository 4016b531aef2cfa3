"""Tags of a step's Batch jobs, by which costs are told apart."""

from __future__ import annotations

from metaflow_provider.plan import FlowPlan, Step

from ..tag_text import encoded


def emitted_tags(plan: FlowPlan, step: Step) -> dict[str, str]:
    """What `METAFLOW_BATCH_EMIT_TAGS` puts on jobs, as stock Metaflow names it; the run's id is not in it.

    Raises:
        Refusal: a value that is too long for a tag.

    Example:
        >>> emitted_tags(plan, plan.step("train"))["metaflow.step_name"]
        'train'
    """
    values = {
        "app": "metaflow",
        "metaflow.flow_name": plan.flow,
        "metaflow.step_name": step.name,
        "metaflow.owner": plan.owner,
        "metaflow.production_token": plan.production_token,
        "metaflow.user": "SFN",
        "metaflow.version": plan.metaflow_version,
    }
    return {key: encoded(key, value) for key, value in values.items() if value}
