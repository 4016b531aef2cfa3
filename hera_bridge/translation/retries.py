"""Which ends of a pod are tried again, and when.

The task's entry says by its exit status whether there is another try (`runtime.supervisor`): 1 the try
failed, 3 failed for good, 143 terminated from outside. It counts the tries: Argo counts lost hosts, too,
which are to cost none. Only a pod that is killed at once says nothing; then Argo's own count holds.
https://argo-workflows.readthedocs.io/en/latest/retries/
"""

from __future__ import annotations

from hera.workflows import models
from hera.workflows.models.io.k8s.apimachinery.pkg.util.intstr import IntOrString

from metaflow_provider.plan import Step

MOST_RETRIES = 5
# The host went away: the pod was deleted or evicted (no status, or one of Kubernetes's own), or terminated.
_GONE = "lastRetry.status == 'Error' || asInt(lastRetry.exitCode) in [-1, 143]"
# Kubernetes's words for a pod that has reached its `activeDeadlineSeconds`, which looks like a lost host.
_LATE = "lastRetry.message contains 'longer than the specified deadline'"


def retry_strategy(step: Step, loop: bool) -> models.RetryStrategy:
    """The rule for a step's pods: lost hosts are tried again, other tries as often as `@retry` says.

    Args:
        step: the step.
        loop: its pod runs all iterations, and tries each of them again itself.

    Example:
        >>> retry_strategy(plan.step("train"), loop=False).limit
        5
    """
    retries = step.retry.engine_retries
    expression = f"({_GONE}) && not ({_LATE})"
    if retries:
        expression += " || asInt(lastRetry.exitCode) == 1"
        expression += f" || (asInt(lastRetry.exitCode) != 3 && asInt(retries) < {retries})"
    backoff = None
    if step.retry.minutes_between and not loop:
        backoff = models.Backoff(duration=f"{step.retry.minutes_between}m")
    return models.RetryStrategy(
        limit=IntOrString(root=MOST_RETRIES), retry_policy="Always", expression=expression, backoff=backoff
    )
