"""A plan's schedule as one of EventBridge Scheduler, which starts the state machine.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

from metaflow_provider.plan import FlowPlan, Refusal

from .account import Account
from .aws import Schedule

LONGEST_NAME = 64
# A machine's first state takes this for: no values of parameters.
_NO_VALUES = "{}"


def schedule_name(machine: str) -> str:
    """Name of a machine's schedule; stock Metaflow's rules are named in the same way.

    Example:
        >>> schedule_name("Train"), len(schedule_name("a" * 80))
        ('Train', 64)
    """
    if len(machine) <= LONGEST_NAME:
        return machine
    digest = base64.b32encode(hashlib.sha1(machine.encode()).digest()).decode()[:16].lower()
    return f"{machine[: LONGEST_NAME - 17]}-{digest}"


def schedule_of(plan: FlowPlan, machine_arn: str, account: Account) -> Schedule | None:
    """What `@schedule` becomes; `None` without it.

    Args:
        plan: the flow.
        machine_arn: of its state machine.
        account: whose role for schedules is used.

    Raises:
        Refusal: times that Scheduler cannot express, or no role for it.
    """
    request = schedule_request(plan)
    if request is None:
        return None
    if not account.schedule_role:
        raise Refusal(
            "No IAM role found for AWS EventBridge Scheduler, which starts scheduled runs",
            decorator="schedule",
            remedy="set METAFLOW_EVENTS_SFN_ACCESS_IAM_ROLE to the ARN of a role that may start the state "
            "machine, and that scheduler.amazonaws.com may assume",
        )
    return Schedule(
        name=request["Name"],
        expression=request["ScheduleExpression"],
        timezone=request["ScheduleExpressionTimezone"],
        target=machine_arn,
        role=account.schedule_role,
        input=_NO_VALUES,
        description=request["Description"],
    )


def schedule_request(plan: FlowPlan) -> dict[str, Any] | None:
    """Arguments of CreateSchedule, but for what it starts; `None` without `@schedule`.

    Raises:
        Refusal: times that Scheduler cannot express.
    """
    if not plan.schedules:
        return None
    [schedule] = plan.schedules
    return {
        "Name": schedule_name(plan.name),
        "Description": f"Starts the Metaflow flow {plan.flow}",
        "ScheduleExpression": expression(schedule.cron),
        "ScheduleExpressionTimezone": schedule.timezone or "UTC",
        "FlexibleTimeWindow": {"Mode": "OFF"},
    }


def expression(cron: str) -> str:
    """Five-field cron, as plans have it, in Scheduler's notation.

    Scheduler counts weekdays from 1, and one of the two day fields has to be open.

    Raises:
        Refusal: both day fields are restricted. Five-field cron runs on days that fit either of them.

    Example:
        >>> expression("*/15 9-17 * * 1-5")
        'cron(0/15 9-17 ? * 2-6 *)'
    """
    minute, hour, day, month, weekday = cron.split()
    if day != "*" and weekday != "*":
        raise Refusal(
            f"cron '{cron}' runs on days of the month {day} and also on weekdays {weekday}, for which AWS "
            "EventBridge Scheduler has no expression",
            decorator="schedule",
            remedy="write * for one of the two",
        )
    if weekday == "*":
        weekday = "?"
    else:
        day, weekday = "?", re.sub(r"\d+", lambda number: str(int(number[0]) + 1), weekday)
    return f"cron({_from_zero(minute)} {_from_zero(hour)} {day} {month} {weekday} *)"


def _from_zero(field: str) -> str:
    return f"0{field[1:]}" if field.startswith("*/") else field
