"""A schedule of EventBridge Scheduler that comes due when a test says so."""

from __future__ import annotations

import datetime
import uuid

from moto.scheduler.exceptions import ScheduleNotFound
from moto.scheduler.models import scheduler_backends

from integration.harness.sfn.names import ACCOUNT, REGION


class NotFired(Exception):
    """The schedule would not start anything."""


def fire(name: str, group: str = "default") -> str:
    """Start an execution of the schedule's target with its input, now; returns the execution's ARN.

    Raises:
        NotFired: there is no such schedule, it is disabled, or its target is no state machine.
    """
    from moto.stepfunctions.parser.models import stepfunctions_parser_backends

    try:
        schedule = scheduler_backends[ACCOUNT][REGION].get_schedule(group, name)
    except ScheduleNotFound:
        raise NotFired(f"there is no schedule {name} in group {group}") from None
    if schedule.state != "ENABLED":
        raise NotFired(f"schedule {name} is {schedule.state}")
    target = schedule.target["Arn"]
    if ":stateMachine:" not in target:
        raise NotFired(f"the target of schedule {name} is {target}")
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    attributes = {
        "schedule-arn": schedule.arn,
        "scheduled-time": now,
        "execution-id": str(uuid.uuid4()),
        "attempt-number": "1",
    }
    text = schedule.target.get("Input", "{}")
    for attribute, value in attributes.items():
        text = text.replace(f"<aws.scheduler.{attribute}>", value)
    backend = stepfunctions_parser_backends[ACCOUNT][REGION]
    execution = backend.start_execution(target, str(uuid.uuid4()), text)
    return str(execution.execution_arn)
