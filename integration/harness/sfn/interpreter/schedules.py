"""What EventBridge Scheduler refuses: moto takes any text for an expression or a time zone.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

import re
import zoneinfo
from typing import Any

from moto.scheduler.exceptions import ValidationException
from moto.scheduler.models import Schedule

from integration.harness.sfn.cron import is_cron
from integration.harness.sfn.interpreter.replacing import replaces

RATE = re.compile(r"rate\((1 (minute|hour|day)|[1-9]\d* (minutes|hours|days))\)")
ONCE = re.compile(r"at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)")
NAME = re.compile(r"[0-9a-zA-Z-_.]{1,64}")

_init = Schedule.__init__
_update = Schedule.update


@replaces(Schedule)
def __init__(self: Any, *args: Any, **fields: Any) -> None:
    """Gap: no check of name, expression and zone."""
    if not NAME.fullmatch(fields["name"]):
        raise ValidationException(message=f"Value '{fields['name']}' at 'name' failed to satisfy constraint")
    _check(fields)
    _init(self, *args, **fields)


@replaces(Schedule)
def update(self: Any, **fields: Any) -> None:
    """Gap: as above; a schedule that is updated without a state stays disabled."""
    _check(fields)
    _update(self, **{**fields, "state": fields.get("state") or "ENABLED"})


def _check(fields: dict[str, Any]) -> None:
    expression = fields["schedule_expression"]
    zone = fields.get("schedule_expression_timezone")
    if not (RATE.fullmatch(expression) or ONCE.fullmatch(expression) or is_cron(expression)):
        raise ValidationException(message=f"Invalid Schedule Expression {expression}.")
    if zone is not None and zone not in zoneinfo.available_timezones():
        raise ValidationException(message=f"Invalid Schedule Expression Timezone {zone}.")
