"""Metaflow's `@schedule` as standard five-field cron, the form that every engine accepts.

Two notations come in, and the number of fields tells which:

* *Six fields*, `minute hour day-of-month month day-of-week year`: Quartz cron without seconds, as Amazon
  EventBridge writes it, with or without `cron(...)` around it. Days of the week are 1-7 from Sunday, and `?`
  leaves one of the two day fields open. Metaflow's documentation uses this notation.
  https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html
  https://www.quartz-scheduler.org/api/2.3.0/org/quartz/CronExpression.html
* *Five fields*, `minute hour day-of-month month day-of-week`, or a macro such as `@daily`. Days of the week
  are 0-7, where 0 and 7 are Sunday. https://man7.org/linux/man-pages/man5/crontab.5.html

What they mean here:

* `a/n` is every n-th value from `a` to the end of the field, `a-b/n` from `a` to `b`, `*/n` from the field's
  first value. A step longer than the field is refused: `*/90` minutes would run every hour.
* A range that ends before it starts goes on at the field's first value, in any of the six fields, because it
  does so in Quartz (days of the month go on after 31). Standard cron has no such range, so five fields refuse
  it, except for the day-of-week, whose Sunday is both first and last.
* In six fields a day has to match both day fields; at least one of them must be `?` or `*`. Five fields that
  restrict both run on a day that matches *either*: standard cron, Airflow and Argo do so, and it is kept.
* `L` as the whole day-of-week of six fields is Saturday. Every other use of `L`, `W` and `#`, and any year
  but `*`, has no five-field form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

_HOURLY = "0 * * * *"
_DAILY = "0 0 * * *"
_WEEKLY = "0 0 * * 0"
_YEARLY = "0 0 1 1 *"
_MACROS = {
    "@hourly": _HOURLY,
    "@daily": _DAILY,
    "@midnight": _DAILY,
    "@weekly": _WEEKLY,
    "@monthly": "0 0 1 * *",
    "@yearly": _YEARLY,
    "@annually": _YEARLY,
}

_NUMBER = r"[0-9]{1,9}"
_VALUE = rf"(?:{_NUMBER}|[A-Za-z]+)"
_ITEM = re.compile(rf"(?:\*|(?P<start>{_VALUE})(?:-(?P<end>{_VALUE}))?)(?:/(?P<step>{_NUMBER}))?")

_SECONDS_FIRST = "if the first field holds Quartz's seconds, drop it and add * as the year"
_LONGEST_SHOWN = 120


class CronError(ValueError):
    """A cron expression that is malformed, never runs, or has no five-field form.

    The message is one line: the expression, the field, why, and what to do.

    Example:
        >>> str(CronError("cron '60 * * * *': minute: 60 is out of range; use 0 to 59"))
        "cron '60 * * * *': minute: 60 is out of range; use 0 to 59"
    """


@dataclass(frozen=True)
class _Field:
    """One position of an expression: a cycle of values, and how they may be written.

    Args:
        name: what messages call it.
        low: the first value of the cycle.
        high: the last value of the cycle.
        top: the largest number that may be written.
        names: what may be written for the values from `low` on.
        wraps: whether a range may run past `high` and go on at `low`.
    """

    name: str
    low: int
    high: int
    top: int
    names: tuple[str, ...] = ()
    wraps: bool = False

    @property
    def size(self) -> int:
        return self.high - self.low + 1


_FIVE = (
    _Field("minute", 0, 59, top=59),
    _Field("hour", 0, 23, top=23),
    _Field("day-of-month", 1, 31, top=31),
    _Field("month", 1, 12, top=12, names=_MONTHS),
    _Field("day-of-week", 0, 6, top=7, names=_WEEKDAYS, wraps=True),
)
_MINUTE, _HOUR, _DAY, _MONTH, _WEEKDAY = _FIVE
_SIX = (
    *(replace(field, wraps=True) for field in (_MINUTE, _HOUR, _DAY, _MONTH)),
    _Field("day-of-week", 1, 7, top=7, names=_WEEKDAYS, wraps=True),
)


def normalise(expression: str) -> str:
    """Rewrite a cron expression in five fields, days of the week 0-6 from Sunday.

    The result holds numbers, lists, ascending ranges, `*`, and (minutes and hours only) `*/n`, which Airflow
    and Argo read alike. It depends on nothing but what the expression means, and normalises to itself.

    Args:
        expression: six or five fields, `cron(...)` or a macro, as the module's description says.

    Raises:
        CronError: the expression is malformed, never runs, or has no five-field form.

    Example:
        >>> normalise("cron(0/15 9-17 ? * MON-FRI *)")
        '*/15 9-17 * * 1-5'
    """
    if not isinstance(expression, str):
        raise CronError(f"cron {expression!r}: expression: it is no text; put it in quotes")
    text = " ".join(expression.split())
    try:
        return _normalise(text)
    except CronError as error:
        shown = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
        raise CronError(f"cron {shown!r}: {error}") from None


def from_schedule(*, cron: str | None, weekly: bool, daily: bool, hourly: bool) -> str | None:
    """Turn the attributes of `@schedule` into five-field cron, None when none of them is set.

    Metaflow's own precedence holds: `cron`, `weekly`, `hourly`, `daily`. Metaflow sets `daily` unless the
    flow says otherwise, and takes an empty `cron` for none.

    Args:
        cron: any expression that `normalise` takes.
        weekly: run at 00:00 on Sunday.
        daily: run at 00:00.
        hourly: run at minute 0.

    Raises:
        CronError: `cron` cannot be normalised.

    Example:
        >>> from_schedule(cron=None, weekly=True, daily=True, hourly=False)
        '0 0 * * 0'
    """
    if cron:
        return normalise(cron)
    if weekly:
        return _WEEKLY
    if hourly:
        return _HOURLY
    return _DAILY if daily else None


def _normalise(text: str) -> str:
    if text.startswith("@"):
        return _macro(text)
    wrapped = re.fullmatch(r"cron ?\((.*)\)", text, re.IGNORECASE)
    _refuse_other_notation(text)
    fields = (wrapped[1] if wrapped else text).split()
    if wrapped and len(fields) != 6:
        raise CronError(
            f"expression: cron(...) holds six fields, not {len(fields)}; write all six, or no cron()"
        )
    if len(fields) == 5:
        return _from_five(fields)
    if len(fields) == 6:
        return _from_six(fields)
    if len(fields) == 7:
        raise CronError("seconds: seven fields begin with Quartz's seconds, which cron lacks; drop the first")
    raise CronError(
        f"expression: its number of fields is {len(fields)}; write five (minute hour day-of-month month"
        " day-of-week), or six with a year at the end"
    )


def _macro(text: str) -> str:
    cron = _MACROS.get(text.lower())
    if cron is None:
        raise CronError(f"macro: {text!r} is not known; use {', '.join(_MACROS)} or five fields")
    return cron


def _refuse_other_notation(text: str) -> None:
    if not text:
        raise CronError("expression: it is empty; write five fields, such as '0 6 * * *' for 06:00")
    if re.match(r"(rate|at) ?\(", text, re.IGNORECASE):
        raise CronError("expression: rate(...) and at(...) are not cron; write fields, such as '*/5 * * * *'")
    if re.match(r"(CRON_)?TZ=", text):
        raise CronError("expression: a time zone is no part of it; write it as @schedule(timezone=...)")


def _from_five(texts: list[str]) -> str:
    minutes, hours, days, months, weekdays = _fields(texts, _FIVE)
    _, _, day_text, _, weekday_text = texts
    if _restricts(day_text) and _restricts(weekday_text):
        _refuse_every(day_text, days, weekday_text, weekdays)
    elif _restricts(day_text):
        _refuse_never(days, months)
    return _render(minutes, hours, days, months, weekdays)


def _from_six(texts: list[str]) -> str:
    *texts, year = texts
    _refuse_year(year)
    _, _, day_text, month_text, weekday_text = texts
    if month_text == "?":
        raise CronError(f"month: only the two day fields may be ?; write *, or {_SECONDS_FIRST}")
    if weekday_text.upper() == "L":
        texts = [*texts[:4], "SAT"]
    minutes, hours, days, months, weekdays = _fields(texts, _SIX)
    if _restricts(day_text) and _restricts(weekday_text):
        raise CronError(
            f"day-of-month and day-of-week: a day would have to match both {day_text!r} and {weekday_text!r},"
            " but five-field cron runs when it matches either; write ? for one of them"
        )
    _refuse_never(days, months)
    return _render(minutes, hours, days, months, frozenset(weekday - 1 for weekday in weekdays))


def _restricts(text: str) -> bool:
    return text not in ("*", "?")


def _refuse_every(day_text: str, days: frozenset[int], weekday_text: str, weekdays: frozenset[int]) -> None:
    """Refuse one day field such as `1-31` or `*/1`, which some engines take for `*` and others do not."""
    every_day, every_weekday = len(days) == _DAY.size, len(weekdays) == _WEEKDAY.size
    if every_day != every_weekday:
        field, text = (_DAY, day_text) if every_day else (_WEEKDAY, weekday_text)
        raise CronError(
            f"{field.name}: {text!r} is every day, and engines disagree whether the other day field counts"
            " beside it; write * in the one that must not count"
        )


def _refuse_year(year: str) -> None:
    if year == "*":
        return
    if re.match(r"[0-9]{4}", year):
        raise CronError(f"year: five-field cron runs every year, not just in {year!r}; write *")
    raise CronError(
        f"year: the last of six fields is the year, and {year!r} is none; write *, or {_SECONDS_FIRST}"
    )


def _refuse_never(days: frozenset[int], months: frozenset[int]) -> None:
    longest = max(_DAYS_IN_MONTH[month - 1] for month in months)
    if min(days) > longest:
        raise CronError(
            f"day-of-month: it never runs, as no chosen month has a day {min(days)}; use {longest} or less"
        )


def _fields(texts: list[str], fields: tuple[_Field, ...]) -> list[frozenset[int]]:
    return [_values(text, field) for text, field in zip(texts, fields, strict=True)]


def _values(text: str, field: _Field) -> frozenset[int]:
    """Return the values, from `field.low` to `field.high`, that the text of a field chooses."""
    if text == "?":
        if field.name not in (_DAY.name, _WEEKDAY.name):
            raise CronError(f"{field.name}: only the two day fields may be ?; write *")
        text = "*"
    return frozenset().union(*(_item_values(item, field) for item in text.split(",")))


def _item_values(item: str, field: _Field) -> frozenset[int]:
    if not item:
        raise CronError(f"{field.name}: its list has an empty item; remove the extra comma")
    _refuse_extension(item.upper(), field)
    match = _ITEM.fullmatch(item)
    if match is None:
        raise CronError(
            f"{field.name}: {item!r} is no value, range or step; write such as {field.low} or */2"
        )
    step = _step(match["step"], field)
    if match["start"] is None:
        start, end = field.low, field.high
    else:
        start = end = _value(match["start"], field)
        if match["end"] is not None:
            end = _value(match["end"], field)
        elif match["step"] is not None:
            end = field.high
    if end < start:
        _refuse_reversed(item, start, end, field)
        end += field.size
    return frozenset((value - field.low) % field.size + field.low for value in range(start, end + 1, step))


def _step(text: str | None, field: _Field) -> int:
    if text is None:
        return 1
    step = int(text)
    if step == 0:
        raise CronError(f"{field.name}: a step of 0 stands still; use 1 or more")
    if step > field.size:
        raise CronError(
            f"{field.name}: a step of {step} is longer than its {field.size} values and would begin anew with"
            f" each cycle; use {field.size} or less"
        )
    return step


def _value(text: str, field: _Field) -> int:
    if text.isdigit():
        number = int(text)
        if not field.low <= number <= field.top:
            raise CronError(f"{field.name}: {number} is out of range; use {field.low} to {field.top}")
        return number
    if text.upper() not in field.names:
        known = f"{field.low} to {field.top}" + "".join(f", {name}" for name in field.names)
        raise CronError(f"{field.name}: {text!r} is not known; use {known}")
    return field.low + field.names.index(text.upper())


def _refuse_reversed(item: str, start: int, end: int, field: _Field) -> None:
    if not field.wraps:
        raise CronError(
            f"{field.name}: {item!r} is reversed, and in five fields a range cannot go on at its first value;"
            f" write {start}-{field.high},{field.low}-{end}"
        )


def _refuse_extension(item: str, field: _Field) -> None:
    """Refuse Quartz's `L`, `W` and `#`, which choose another day each month."""
    if field.name == _DAY.name:
        meaning = _day_extension(item)
        remedy = "write fixed days of the month, such as 28, or 1 for the day after the last"
    elif field.name == _WEEKDAY.name:
        meaning = _weekday_extension(item, field)
        remedy = "write a day of every week, such as FRI, or fixed days of the month"
    else:
        return
    if meaning:
        raise CronError(f"{field.name}: {item!r} means {meaning}, which five fields cannot say; {remedy}")


def _day_extension(item: str) -> str | None:
    if item == "L":
        return "the last day of the month"
    if item == "LW":
        return "the last working day of the month"
    if offset := re.fullmatch(rf"L-({_NUMBER})", item):
        return f"the last day of the month less {offset[1]}"
    if nearest := re.fullmatch(rf"({_NUMBER})W", item):
        return f"the working day nearest to day {nearest[1]}"
    return None


def _weekday_extension(item: str, field: _Field) -> str | None:
    if item == "L":
        raise CronError(f"{field.name}: 'L' is Saturday only as the whole field of six; write SAT")
    if last := re.fullmatch(rf"({_NUMBER}|[A-Z]{{3}})L", item):
        return f"the last {_weekday_name(last[1], field)} of the month"
    if nth := re.fullmatch(rf"({_VALUE})#({_NUMBER})", item):
        return f"{_weekday_name(nth[1], field)} number {nth[2]} of the month"
    return None


def _weekday_name(text: str, field: _Field) -> str:
    return _WEEKDAYS[(_value(text, field) - field.low) % field.size]


def _render(*fields: frozenset[int]) -> str:
    return " ".join(_render_field(values, field) for values, field in zip(fields, _FIVE, strict=True))


def _render_field(values: frozenset[int], field: _Field) -> str:
    if len(values) == field.size:
        return "*"
    # Days are spelled out: engines disagree whether `*/2` counts as `*` when both day fields are restricted.
    if field in (_MINUTE, _HOUR):
        for step in range(2, field.size // 2 + 1):
            if values == frozenset(range(0, field.size, step)):
                return f"*/{step}"
    return ",".join(_render_run(run) for run in _runs(values))


def _runs(values: frozenset[int]) -> list[list[int]]:
    """Cut the values into runs of consecutive ones, ascending."""
    runs: list[list[int]] = []
    for value in sorted(values):
        if runs and runs[-1][-1] == value - 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    return runs


def _render_run(run: list[int]) -> str:
    return f"{run[0]}-{run[-1]}" if len(run) > 2 else ",".join(map(str, run))
