"""One check of what an engine's translation does not take yet."""

from __future__ import annotations

from dataclasses import dataclass

from metaflow_provider.plan import FlowPlan, Refusal

_STARTING = ("trigger", "trigger_on_finish")
_INSTEAD = ", or start the flow by @schedule or by hand"


@dataclass(frozen=True)
class Capabilities:
    """What the translation to an engine takes.

    Attributes:
        engine: as people call it.
        datastores: where a flow's data may be.
        decorators: which of `trigger`, `trigger_on_finish` and `exit_hook` it takes.
        sensors: whether it takes the `@airflow_..._sensor` decorators.
    """

    engine: str
    datastores: frozenset[str]
    decorators: frozenset[str]
    sensors: bool = False


def check_capabilities(plan: FlowPlan, capabilities: Capabilities) -> None:
    """Refuse what the engine's translation does not take.

    Raises:
        Refusal: names the decorator, or the datastore.
    """
    if plan.runtime.datastore not in capabilities.datastores:
        taken = " and ".join(sorted(capabilities.datastores))
        raise Refusal(
            f"{capabilities.engine} cannot use the datastore {plan.runtime.datastore} yet",
            remedy=f"use --datastore={taken}",
        )
    for trigger in plan.triggers:
        if trigger.decorator not in capabilities.decorators:
            raise Refusal(
                f"Deploying flows with @{trigger.decorator} to {capabilities.engine} is not supported yet",
                decorator=trigger.decorator,
                remedy="remove it" + (_INSTEAD if trigger.decorator in _STARTING else ""),
            )
    for sensor in plan.sensors:
        if not capabilities.sensors:
            raise Refusal(
                f"{capabilities.engine} has no sensors, so this decorator is not supported",
                decorator=sensor.decorator,
                remedy="remove it",
            )


def check_limits(max_workers: int, workflow_timeout: int | None) -> None:
    """Refuse limits under which nothing would run.

    Raises:
        Refusal: names the option.
    """
    if max_workers < 1:
        raise Refusal(f"--max-workers {max_workers} would start nothing", remedy="give at least 1")
    if workflow_timeout is not None and workflow_timeout < 1:
        raise Refusal(
            f"--workflow-timeout {workflow_timeout} would end every run at once", remedy="give at least 1"
        )
