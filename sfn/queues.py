"""The Batch job queues of a flow's steps, as its translator chooses them."""

from __future__ import annotations

from metaflow_provider.plan import Refusal

from .translation.translator import Translator


def job_queues(translator: Translator) -> list[str]:
    """Every queue once.

    Raises:
        Refusal: the translator gives none to a step.

    Example:
        >>> job_queues(Translator(plan, Settings(queue="default")))
        ['default']
    """
    queues = set()
    for step in translator.plan.steps:
        queue = translator.queue(step)
        if not queue:
            raise Refusal(
                "there is no AWS Batch job queue for this step",
                step=step.name,
                line=step.line,
                remedy="set METAFLOW_BATCH_JOB_QUEUE, or @batch(queue=...)",
            )
        queues.add(queue)
    return sorted(queues)
