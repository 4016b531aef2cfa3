from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from croniter import CroniterBadDateError, croniter
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from metaflow_provider.plan.cron import CronError, from_schedule, normalise

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

# Two years with a leap day: what never runs in them never runs (2100 apart).
FIRST_DAY = date(2027, 1, 1)
DAYS = tuple(FIRST_DAY + timedelta(days=number) for number in range(365 + 366))


SIX_FIELDS = [
    ("0 10 * * ? *", "0 10 * * *"),
    ("0 0 ? * SUN *", "0 0 * * 0"),
    ("15 12 ? * 2 *", "15 12 * * 1"),
    ("0 18 ? * MON-FRI *", "0 18 * * 1-5"),
    ("0/15 9-17 ? * mon-Fri *", "*/15 9-17 * * 1-5"),
    ("0/5 8-17 ? * MON-FRI *", "*/5 8-17 * * 1-5"),
    ("5/15 * * * ? *", "5,20,35,50 * * * *"),
    ("10-40/10 * * * ? *", "10,20,30,40 * * * *"),
    ("*/7 0/13 * * ? *", "*/7 0,13 * * *"),
    ("0 0 1 JAN,jul ? *", "0 0 1 1,7 *"),
    ("0 0 1/1 * ? *", "0 0 * * *"),
    ("0 0 * * * *", "0 0 * * *"),
    ("0 0 ? * ? *", "0 0 * * *"),
    ("0 0 15 * * *", "0 0 15 * *"),
    ("0 0 * * MON *", "0 0 * * 1"),
    ("0 0 ? * SUN-SAT *", "0 0 * * *"),
    ("0 0 ? * 2-6/2 *", "0 0 * * 1,3,5"),
    ("0 0 ? * 2/2 *", "0 0 * * 1,3,5"),
    ("0 0 ? * */2 *", "0 0 * * 0,2,4,6"),
    ("0 0 ? * 7,1 *", "0 0 * * 0,6"),
    ("0 0 ? * FRI-MON *", "0 0 * * 0,1,5,6"),
    ("0 0 ? * FRI-TUE/2 *", "0 0 * * 0,2,5"),
    ("0 22-2 * * ? *", "0 0-2,22,23 * * *"),
    ("50-10/5 * * * ? *", "0,5,10,50,55 * * * *"),
    ("0 0 30-2 * ? *", "0 0 1,2,30,31 * *"),
    ("0 0 1 NOV-FEB ? *", "0 0 1 1,2,11,12 *"),
    ("0 0 ? * L *", "0 0 * * 6"),
    ("0 0 29 2 ? *", "0 0 29 2 *"),
    ("0 0 31 2,3 ? *", "0 0 31 2,3 *"),
    ("cron(0 10 * * ? *)", "0 10 * * *"),
    (" CRON ( 0  10 * *\t? * ) ", "0 10 * * *"),
]

FIVE_FIELDS = [
    ("0 */6 * * *", "0 */6 * * *"),
    ("0 2 * * *", "0 2 * * *"),
    ("*/1 * * * *", "* * * * *"),
    ("0-59 0-23 1-31 1-12 0-7", "* * * * *"),
    ("*/60 */24 * * *", "0 0 * * *"),
    ("00 08 * * *", "0 8 * * *"),
    ("3,1,2,1 * * * *", "1-3 * * * *"),
    ("  0\t0 * *\n1 ", "0 0 * * 1"),
    ("0 0 * * 0", "0 0 * * 0"),
    ("0 0 * * 7", "0 0 * * 0"),
    ("0 0 * * sun", "0 0 * * 0"),
    ("0 0 * * 1-5", "0 0 * * 1-5"),
    ("0 0 * * 5-7", "0 0 * * 0,5,6"),
    ("0 0 * * FRI-SUN", "0 0 * * 0,5,6"),
    ("0 0 * * FRI-MON", "0 0 * * 0,1,5,6"),
    ("0 0 * * 7-2", "0 0 * * 0-2"),
    ("0 0 * * 1/2", "0 0 * * 1,3,5"),
    ("0 0 * * 5-5", "0 0 * * 5"),
    ("0 0 ? * ?", "0 0 * * *"),
    ("0 0 ? * MON", "0 0 * * 1"),
    ("0 0 1 jan-mar *", "0 0 1 1-3 *"),
    ("0 0 1,15 * MON", "0 0 1,15 * 1"),
    ("0 0 */10 * MON", "0 0 1,11,21,31 * 1"),
    ("0 0 31 2 MON", "0 0 31 2 1"),
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
    (" @Annually ", "0 0 1 1 *"),
]


@pytest.mark.parametrize(("expression", "expected"), SIX_FIELDS + FIVE_FIELDS)
def test_normal_form(expression: str, expected: str) -> None:
    assert normalise(expression) == expected
    assert normalise(expected) == expected


REFUSED = [
    # What five fields cannot say.
    ("0 0 L * ? *", ("day-of-month", "'L'", "last day of the month", "write fixed days")),
    ("0 0 l * ? *", ("day-of-month", "'L'", "last day of the month")),
    ("0 0 1,L * ? *", ("day-of-month", "'L'", "last day of the month")),
    ("0 0 L * *", ("day-of-month", "'L'", "last day of the month")),
    ("0 0 L-3 * ? *", ("day-of-month", "'L-3'", "last day of the month less 3")),
    ("0 0 LW * ? *", ("day-of-month", "'LW'", "last working day of the month")),
    ("0 0 15W * ? *", ("day-of-month", "'15W'", "working day nearest to day 15")),
    ("0 0 ? * 6L *", ("day-of-week", "'6L'", "the last FRI of the month", "write a day of every week")),
    ("0 0 ? * FRIL *", ("day-of-week", "'FRIL'", "the last FRI of the month")),
    ("0 0 * * 5L", ("day-of-week", "'5L'", "the last FRI of the month")),
    ("0 0 ? * 3#2 *", ("day-of-week", "'3#2'", "TUE number 2 of the month")),
    ("0 0 * * 3#2", ("day-of-week", "'3#2'", "WED number 2 of the month")),
    ("0 0 ? * MON#1 *", ("day-of-week", "'MON#1'", "MON number 1 of the month")),
    ("0 0 ? * L,MON *", ("day-of-week", "'L'", "Saturday", "write SAT")),
    ("0 0 * * L", ("day-of-week", "'L'", "Saturday", "write SAT")),
    ("0 0 * * ? 2027", ("year", "'2027'", "runs every year", "write *")),
    ("0 0 * * ? 2027-2030", ("year", "'2027-2030'", "runs every year")),
    ("0 0 * * ? 1970/2", ("year", "'1970/2'", "runs every year")),
    ("0 0 15 * MON *", ("day-of-month and day-of-week", "'15'", "'MON'", "either", "write ?")),
    ("0 0 15 * 1-7 *", ("day-of-month and day-of-week", "'15'", "'1-7'", "write ?")),
    # Engines disagree.
    ("0 0 1-31 * MON", ("day-of-month", "'1-31'", "every day", "engines disagree", "write *")),
    ("0 0 */1 * MON", ("day-of-month", "'*/1'", "every day")),
    ("0 0 13 * 0-6", ("day-of-week", "'0-6'", "every day")),
    # It never runs.
    ("0 0 30 2 ? *", ("day-of-month", "never runs", "day 30", "use 29 or less")),
    ("0 0 31 2 *", ("day-of-month", "never runs", "day 31", "use 29 or less")),
    ("0 0 31 APR,JUN,SEP,NOV *", ("day-of-month", "never runs", "day 31", "use 30 or less")),
    # Out of range.
    ("60 * * * *", ("minute", "60 is out of range", "0 to 59")),
    ("* 24 * * *", ("hour", "24 is out of range", "0 to 23")),
    ("* * 0 * *", ("day-of-month", "0 is out of range", "1 to 31")),
    ("* * 32 * *", ("day-of-month", "32 is out of range", "1 to 31")),
    ("* * * 0 *", ("month", "0 is out of range", "1 to 12")),
    ("* * * 1-13 *", ("month", "13 is out of range", "1 to 12")),
    ("* * * * 8", ("day-of-week", "8 is out of range", "0 to 7")),
    ("* * ? * 0 *", ("day-of-week", "0 is out of range", "1 to 7")),
    ("* * ? * 8 *", ("day-of-week", "8 is out of range", "1 to 7")),
    ("* * ? * 9L *", ("day-of-week", "9 is out of range", "1 to 7")),
    # Ranges and steps.
    ("30-15 * * * *", ("minute", "'30-15' is reversed", "write 30-59,0-15")),
    ("0 22-2 * * *", ("hour", "'22-2' is reversed", "write 22-23,0-2")),
    ("0 0 28-3 * *", ("day-of-month", "'28-3' is reversed", "write 28-31,1-3")),
    ("0 0 1 NOV-FEB *", ("month", "'NOV-FEB' is reversed", "write 11-12,1-2")),
    ("*/0 * * * *", ("minute", "step of 0", "use 1 or more")),
    ("*/90 * * * *", ("minute", "step of 90 is longer than its 60 values", "use 60 or less")),
    ("0 0/25 * * ? *", ("hour", "step of 25 is longer than its 24 values")),
    ("0 0 ? * 1/8 *", ("day-of-week", "step of 8 is longer than its 7 values")),
    # Malformed fields.
    ("1,,2 * * * *", ("minute", "empty item", "remove the extra comma")),
    ("1, * * * *", ("minute", "empty item")),
    ("0 ,1 * * *", ("hour", "empty item")),
    ("*-5 * * * *", ("minute", "'*-5' is no value, range or step")),
    ("-5 * * * *", ("minute", "'-5' is no value")),
    ("1-2-3 * * * *", ("minute", "'1-2-3' is no value")),
    ("1- * * * *", ("minute", "'1-' is no value")),
    ("5/ * * * *", ("minute", "'5/' is no value")),
    ("/5 * * * *", ("minute", "'/5' is no value")),
    ("1.5 * * * *", ("minute", "'1.5' is no value")),
    ("0 0 W * ? *", ("day-of-month", "'W' is not known", "1 to 31")),
    ("\u0663 * * * *", ("minute", "'\u0663' is no value")),
    ("99999999999999999999 * * * *", ("minute", "is no value")),
    ("x * * * *", ("minute", "'x' is not known", "0 to 59")),
    ("H * * * *", ("minute", "'H' is not known")),
    ("0 0 1 FOO *", ("month", "'FOO' is not known", "1 to 12, JAN, FEB")),
    ("0 0 * * MONDAY", ("day-of-week", "'MONDAY' is not known", "0 to 7, SUN, MON")),
    ("? * * * *", ("minute", "only the two day fields may be ?", "write *")),
    ("0 0 ?,5 * *", ("day-of-month", "'?' is no value")),
    # The wrong number of fields, or another notation.
    ("", ("expression", "empty", "write five fields")),
    (" \t\n", ("expression", "empty")),
    ("*", ("expression", "number of fields is 1", "write five")),
    ("0 0 * *", ("expression", "number of fields is 4", "write five")),
    ("0 0 * * * * * *", ("expression", "number of fields is 8", "write five")),
    ("0 0 12 * * ? *", ("seconds", "seven fields", "drop the first")),
    ("0 0 12 * * ?", ("year", "'?' is none", "seconds", "add * as the year")),
    ("0 0 12 ? * MON-FRI", ("year", "'MON-FRI' is none", "seconds")),
    ("0 0 12 ? * *", ("month", "only the two day fields may be ?", "seconds")),
    ("cron(0 10 * * *)", ("expression", "cron(...) holds six fields, not 5")),
    ("cron()", ("expression", "cron(...) holds six fields, not 0")),
    ("rate(5 minutes)", ("expression", "rate(...)", "not cron", "write fields")),
    ("at(2027-01-01T00:00:00)", ("expression", "at(...)", "not cron")),
    ("CRON_TZ=Europe/Paris 0 0 * * *", ("expression", "time zone", "@schedule(timezone=...)")),
    ("@reboot", ("macro", "'@reboot' is not known", "@daily")),
    ("@every 5m", ("macro", "'@every 5m' is not known")),
]


@pytest.mark.parametrize(("expression", "words"), REFUSED)
def test_refused(expression: str, words: tuple[str, ...]) -> None:
    with pytest.raises(CronError) as caught:
        normalise(expression)
    message = str(caught.value)
    field, *others = words
    assert message.startswith(f"cron {' '.join(expression.split())!r}: {field}: ")
    for word in others:
        assert word in message


@pytest.mark.parametrize("expression", [5, None, ["0 0 * * *"]])
def test_refuses_what_is_no_text(expression: object) -> None:
    with pytest.raises(CronError, match="it is no text; put it in quotes"):
        normalise(expression)  # type: ignore[arg-type]


def test_message_shows_the_beginning_of_a_long_expression() -> None:
    with pytest.raises(CronError) as caught:
        normalise("* " * 500)
    assert "* * ...': expression: its number of fields is 500" in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"daily": True}, "0 0 * * *"),
        ({"hourly": True, "daily": True}, "0 * * * *"),
        ({"weekly": True, "hourly": True, "daily": True}, "0 0 * * 0"),
        ({"cron": "0 6 ? * MON *", "weekly": True, "hourly": True, "daily": True}, "0 6 * * 1"),
        ({"cron": "", "daily": True}, "0 0 * * *"),
        ({}, None),
    ],
)
def test_schedule_precedence(attributes: dict[str, object], expected: str | None) -> None:
    unset = {"cron": None, "weekly": False, "daily": False, "hourly": False}
    assert from_schedule(**(unset | attributes)) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"weekly": True},
        {"hourly": True},
        {"daily": False},
        {"weekly": True, "hourly": True},
        {"cron": "0 6 ? * 2-6 *", "weekly": True},
    ],
)
def test_schedule_means_what_metaflow_means(attributes: dict[str, object]) -> None:
    from metaflow.plugins.aws.step_functions.schedule_decorator import ScheduleDecorator

    decorator = ScheduleDecorator(attributes=attributes)
    decorator.flow_init(None, None, None, None, None, None, None, None)
    values = {name: decorator.attributes[name] for name in ("cron", "weekly", "daily", "hourly")}
    expected = normalise(decorator.schedule) if decorator.schedule else None
    assert from_schedule(**values) == expected


def test_schedule_refuses_what_normalise_refuses() -> None:
    with pytest.raises(CronError, match="day-of-month: 'L'"):
        from_schedule(cron="0 0 L * ? *", weekly=False, daily=True, hourly=False)


# Properties. A drawn field is its text with the values that it chooses, found by asking of each value of the
# cycle whether it is chosen. The five fields that come out are then read by croniter, as Airflow does.

Field = tuple[str, frozenset[int]]


def spellings(value: int, low: int, names: tuple[str, ...]) -> st.SearchStrategy[str]:
    texts = [str(value), f"0{value}"]
    if names:
        name = names[value - low]
        texts += [name, name.lower(), name.title()]
    return st.sampled_from(texts)


@st.composite
def items(draw: st.DrawFn, low: int, high: int, names: tuple[str, ...], *, wraps: bool) -> Field:
    cycle = range(low, high + 1)
    start, end = draw(st.integers(low, high)), draw(st.integers(low, high))
    if not wraps:
        # croniter takes 5-5 for the whole cycle, so its reading is not compared on such a range.
        assume(start != end)
        start, end = sorted((start, end))
    step = draw(st.integers(1, len(cycle)))
    first = draw(spellings(start, low, names))
    last = draw(spellings(end, low, names))

    def steps_to(value: int) -> int:
        return (value - start) % len(cycle)

    text, chosen = draw(
        st.sampled_from(
            [
                (first, lambda value: value == start),
                (f"{first}-{last}", lambda value: steps_to(value) <= steps_to(end)),
                (
                    f"{first}-{last}/{step}",
                    lambda value: steps_to(value) <= steps_to(end) and steps_to(value) % step == 0,
                ),
                (f"{first}/{step}", lambda value: value >= start and (value - start) % step == 0),
                (f"*/{step}", lambda value: (value - low) % step == 0),
            ]
        )
    )
    return text, frozenset(filter(chosen, cycle))


def restricted(low: int, high: int, names: tuple[str, ...] = (), *, wraps: bool) -> st.SearchStrategy[Field]:
    lists = st.lists(items(low, high, names, wraps=wraps), min_size=1, max_size=3)
    return lists.map(
        lambda parts: (",".join(text for text, _ in parts), frozenset().union(*(v for _, v in parts)))
    )


def any_of(low: int, high: int, text: str) -> st.SearchStrategy[Field]:
    return st.just((text, frozenset(range(low, high + 1))))


def fields(low: int, high: int, names: tuple[str, ...] = (), *, wraps: bool) -> st.SearchStrategy[Field]:
    return any_of(low, high, "*") | restricted(low, high, names, wraps=wraps)


def croniter_days(cron: str) -> set[date]:
    """The days of the two years on which the day fields of `cron` fire, as croniter walks them."""
    moment = datetime.combine(FIRST_DAY, datetime.min.time()) - timedelta(seconds=1)
    walk = croniter(" ".join(["0", "0", *cron.split()[2:]]), moment, ret_type=datetime)
    days = set()
    while (fired := walk.get_next().date()) <= DAYS[-1]:
        days.add(fired)
    return days


def croniter_times(cron: str) -> list[set[object]]:
    """The minutes and the hours at which `cron` fires, as croniter reads them."""
    minutes, hours = croniter.expand(cron)[0][:2]
    return [
        set(range(60)) if minutes == ["*"] else set(minutes),
        set(range(24)) if hours == ["*"] else set(hours),
    ]


@st.composite
def six_fields(draw: st.DrawFn) -> list[Field]:
    day_open, weekday_open = any_of(1, 31, "?"), any_of(1, 7, "?")
    day = fields(1, 31, wraps=True)
    weekday = fields(1, 7, WEEKDAYS, wraps=True)
    two = st.tuples(day, weekday_open | any_of(1, 7, "*")) | st.tuples(day_open | any_of(1, 31, "*"), weekday)
    days, weekdays = draw(two)
    return [
        draw(fields(0, 59, wraps=True)),
        draw(fields(0, 23, wraps=True)),
        days,
        draw(fields(1, 12, MONTHS, wraps=True)),
        weekdays,
    ]


def quartz_days(days: frozenset[int], months: frozenset[int], weekdays: frozenset[int]) -> set[date]:
    def quartz_weekday(day: date) -> int:
        return day.isoweekday() % 7 + 1

    return {
        day for day in DAYS if day.day in days and day.month in months and quartz_weekday(day) in weekdays
    }


@settings(deadline=None, max_examples=100)
@given(six_fields(), st.sampled_from(["{} *", "cron({} *)"]))
def test_six_fields_fire_when_quartz_does(drawn: list[Field], form: str) -> None:
    expression = form.format(" ".join(text for text, _ in drawn))
    minutes, hours, days, months, weekdays = (values for _, values in drawn)
    expected_days = quartz_days(days, months, weekdays)
    if not expected_days:
        with pytest.raises(CronError, match="never runs"):
            normalise(expression)
        return
    cron = normalise(expression)
    # A day and a minute of it are independent, so these two are the whole grid of two years by minutes.
    assert croniter_times(cron) == [minutes, hours]
    assert croniter_days(cron) == expected_days
    assert normalise(cron) == cron


def fire_times(days: set[date], minutes: frozenset[int], hours: frozenset[int]) -> Iterator[datetime]:
    for day in sorted(days):
        for hour in sorted(hours):
            for minute in sorted(minutes):
                yield datetime(day.year, day.month, day.day, hour, minute)


@settings(deadline=None, max_examples=50)
@given(six_fields())
def test_six_fields_fire_one_after_the_other(drawn: list[Field]) -> None:
    minutes, hours, days, months, weekdays = (values for _, values in drawn)
    expected = list(
        fired
        for fired, _ in zip(
            fire_times(quartz_days(days, months, weekdays), minutes, hours), range(100), strict=False
        )
    )
    assume(expected)
    walk = croniter(
        normalise(" ".join(text for text, _ in drawn) + " *"),
        datetime.combine(FIRST_DAY, datetime.min.time()) - timedelta(seconds=1),
        ret_type=datetime,
    )
    assert [walk.get_next() for _ in expected] == expected


@st.composite
def five_fields(draw: st.DrawFn) -> str:
    """Five fields that every engine reads alike: neither day field spells out every day."""
    day = draw(fields(1, 31, wraps=False))
    weekday = draw(fields(0, 6, WEEKDAYS, wraps=False))
    for text, values, size in ((*day, 31), (*weekday, 7)):
        assume(text == "*" or len(values) < size)
    drawn = [
        draw(fields(0, 59, wraps=False)),
        draw(fields(0, 23, wraps=False)),
        day,
        draw(fields(1, 12, MONTHS, wraps=False)),
        weekday,
    ]
    return " ".join(text for text, _ in drawn)


def outcome(expression: str) -> tuple[str | None, str]:
    """The normal form and no message, or None and the message of the refusal."""
    try:
        return normalise(expression), ""
    except CronError as error:
        return None, str(error)


@settings(deadline=None, max_examples=60)
@given(five_fields())
def test_five_fields_keep_their_meaning(expression: str) -> None:
    cron, refusal = outcome(expression)
    if cron is None:
        assert "never runs" in refusal
        with pytest.raises(CroniterBadDateError):
            croniter_days(expression)
        return
    assert croniter_times(cron) == croniter_times(expression)
    assert croniter_days(cron) == croniter_days(expression)
    assert normalise(cron) == cron


CANONICAL = re.compile(r"(?:\*|\*/\d+|\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*)")


@settings(max_examples=500)
@given(
    st.text("0123456789*/-,?LW#@() \t\n\x00\u2028\u0663AMON", max_size=30)
    | st.lists(st.text("0123456789*/-,?LW#MONJA", min_size=1, max_size=5), min_size=5, max_size=6).map(
        " ".join
    )
)
def test_any_text_is_normalised_or_refused_in_one_line(text: str) -> None:
    cron, refusal = outcome(text)
    if cron is None:
        assert re.fullmatch(r"cron .*: .+; .+", refusal)
        assert refusal.splitlines() == [refusal]
    else:
        assert all(CANONICAL.fullmatch(field) for field in cron.split(" "))
        assert croniter.is_valid(cron)
        assert normalise(cron) == cron
