"""Cron expressions as EventBridge Scheduler takes them.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
"""

from __future__ import annotations

import re

MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC"
DAYS = "SUN MON TUE WED THU FRI SAT"


def is_cron(expression: str) -> bool:
    """Whether Scheduler takes `cron(minutes hours day-of-month month day-of-week year)`.

    Example:
        is_cron("cron(0 10 ? * MON-FRI *)")
    """
    match = re.fullmatch(r"cron\(([^()]*)\)", expression)
    fields = match[1].split(" ") if match else []
    if len(fields) != 6:
        return False
    minutes, hours, day, month, weekday, year = fields
    return (
        _is_field(minutes, 0, 59)
        and _is_field(hours, 0, 23)
        and (day in {"?", "L"} or re.fullmatch(r"\d+W", day) is not None or _is_field(day, 1, 31))
        and _is_field(month, 1, 12, MONTHS)
        and (
            weekday in {"?", "L"}
            or re.fullmatch(r"([1-7]|[A-Z]{3})(L|#[1-5])", weekday) is not None
            or _is_field(weekday, 1, 7, DAYS)
        )
        and _is_field(year, 1970, 2199)
        and (day == "?") != (weekday == "?")
    )


def _is_field(text: str, least: int, most: int, names: str = "") -> bool:
    return all(_is_part(part, least, most, names) for part in text.split(","))


def _is_part(text: str, least: int, most: int, names: str) -> bool:
    span, slash, step = text.partition("/")
    if slash and not (step.isdigit() and int(step) > 0):
        return False
    if span == "*":
        return True
    ends = [_number(end, names, least) for end in span.split("-")]
    return len(ends) <= 2 and all(end is not None and least <= end <= most for end in ends)


def _number(text: str, names: str, first: int) -> int | None:
    known = names.split(" ")
    if text in known:
        return known.index(text) + first
    return int(text) if text.isdigit() else None
