"""What is in AWS already of what a deployment consists of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..aws import Aws, Rule, Schedule
from ..schedule import schedule_name
from .deployed import Deployed, look
from .job_differences import job_of_state


@dataclass(frozen=True)
class Existing:
    """The objects that are there.

    Attributes:
        schedule: the one of this name, whatever it starts.
        rule: that stock Metaflow schedules the flow with, whether it is enabled or not.
        job_definitions: the active ones by name, in AWS's own form: of those that were asked for, and of
            those that the deployed machine names.
    """

    deployed: Deployed | None = None
    schedule: Schedule | None = None
    rule: Rule | None = None
    job_definitions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def look_around(aws: Aws, name: str, job_definitions: Iterable[str] = ()) -> Existing:
    """Everything that is there under a deployment's name.

    Raises:
        Refusal: there is a state machine of that name which is no Metaflow flow.
        AwsError: a call failed.
    """
    deployed = look(aws, name)
    return Existing(
        deployed=deployed,
        schedule=aws.scheduler.schedule(schedule_name(name)),
        rule=_rule_of_stock(aws, deployed) if deployed and deployed.by_stock else None,
        job_definitions=_active(aws, deployed, set(job_definitions)),
    )


def _active(aws: Aws, deployed: Deployed | None, names: set[str]) -> dict[str, Mapping[str, Any]]:
    if names and deployed and deployed.definition:
        names |= set(job_of_state(deployed.definition).values())
    return {name: found for name in sorted(names) if (found := aws.batch.active(name))}


def _rule_of_stock(aws: Aws, deployed: Deployed) -> Rule | None:
    rule = aws.rules.rule(schedule_name(deployed.name))
    starts = [] if rule is None else [target["Arn"] for target in rule.targets]
    return rule if starts == [deployed.machine.arn] else None
