"""EventBridge Scheduler: what starts a state machine at its times, in a time zone.

https://docs.aws.amazon.com/scheduler/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from .service import Service

_NO_SCHEDULE = ("ResourceNotFoundException",)
_REST = ("ActionAfterCompletion", "EndDate", "FlexibleTimeWindow", "KmsKeyArn", "StartDate")


@dataclass(frozen=True)
class Schedule:
    """A schedule of the group `default`.

    Attributes:
        expression: such as `cron(0 6 * * ? *)`.
        timezone: IANA name.
        target: ARN of what it starts.
        role: ARN of the role with which it does.
        input: JSON text for the target.
        rest: what else can be set for a schedule and its target, in AWS's own form.
    """

    name: str
    expression: str
    timezone: str
    target: str
    role: str
    input: str
    description: str = ""
    enabled: bool = True
    rest: Mapping[str, Any] = field(default_factory=dict)


class Scheduler(Service):
    """What is asked of EventBridge Scheduler.

    Example:
        >>> aws.scheduler.schedule("Train").expression
        'cron(0 6 * * ? *)'
    """

    service = "scheduler"

    def schedule(self, name: str) -> Schedule | None:
        """A schedule; `None` when there is none."""
        found = self._find("GetSchedule", _resource(name), _NO_SCHEDULE, Name=name)
        if found is None:
            return None
        return Schedule(
            name=name,
            expression=found["ScheduleExpression"],
            timezone=found.get("ScheduleExpressionTimezone", "UTC"),
            target=found["Target"]["Arn"],
            role=found["Target"]["RoleArn"],
            input=found["Target"].get("Input", ""),
            description=found.get("Description", ""),
            enabled=found.get("State", "ENABLED") == "ENABLED",
            rest=_rest(found),
        )

    def create(self, schedule: Schedule) -> None:
        """Make a schedule."""
        self._call("CreateSchedule", _resource(schedule.name), **_request(schedule))

    def update(self, schedule: Schedule) -> None:
        """Replace a schedule, all of it: AWS forgets what the request leaves out."""
        self._call("UpdateSchedule", _resource(schedule.name), **_request(schedule))

    def delete(self, name: str) -> None:
        """Remove a schedule; none there is no error."""
        self._find("DeleteSchedule", _resource(name), _NO_SCHEDULE, Name=name)


def _resource(name: str) -> str:
    return f"schedule/default/{name}"


def _rest(found: Mapping[str, Any]) -> dict[str, Any]:
    rest = {name: found[name] for name in _REST if name in found}
    if "StartDate" in rest and rest["StartDate"] < datetime.now(timezone.utc):
        del rest["StartDate"]  # it has no effect any more, and AWS takes none that is over
    ours = ("Arn", "RoleArn", "Input")
    return {**rest, "Target": {name: value for name, value in found["Target"].items() if name not in ours}}


def _request(schedule: Schedule) -> dict[str, Any]:
    target = {"Arn": schedule.target, "RoleArn": schedule.role, "Input": schedule.input}
    return {
        "FlexibleTimeWindow": {"Mode": "OFF"},
        **schedule.rest,
        "Name": schedule.name,
        "Description": schedule.description,
        "ScheduleExpression": schedule.expression,
        "ScheduleExpressionTimezone": schedule.timezone,
        "State": "ENABLED" if schedule.enabled else "DISABLED",
        "Target": {**schedule.rest.get("Target", {}), **target},
    }
