from __future__ import annotations

import datetime
import re

import pytest
from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st

from metaflow_provider.plan import Refusal
from metaflow_provider.plan.cron import normalise
from metaflow_provider.plan.model import Schedule
from sfn import Account
from sfn.schedule import LONGEST_NAME, expression, schedule_name, schedule_of
from tests.sfn.account import ACCOUNT, plan

BOUNDS = {"minute": (0, 59), "hour": (0, 23), "day": (1, 31), "month": (1, 12), "weekday": (0, 6)}


def fields(name: str) -> st.SearchStrategy[str]:
    low, high = BOUNDS[name]
    numbers = st.integers(low, high)
    ranges = st.tuples(numbers, numbers).map(lambda ends: f"{min(ends)}-{max(ends)}")
    items = st.lists(numbers.map(str) | ranges, min_size=1, max_size=3).map(",".join)
    steps = st.integers(1, high - low).map(lambda step: f"*/{step}")
    return st.just("*") | items | steps


def five_fields(day: str, weekday: str) -> st.SearchStrategy[str]:
    days = fields("day") if day else st.just("*")
    weekdays = fields("weekday") if weekday else st.just("*")
    return st.tuples(fields("minute"), fields("hour"), days, fields("month"), weekdays).map(" ".join)


@st.composite
def crons(draw: st.DrawFn) -> str:
    """A cron expression as plans have it, with one day field open, that runs at some time."""
    text = draw(five_fields("day", "") | five_fields("", "weekday"))
    minute, hour, day, month, weekday = text.split()
    # A day that every chosen month has.
    day = re.sub(r"\b(29|30|31)\b", "28", day) if day != "*" else day
    return normalise(" ".join((minute, hour, day, month, weekday)))


def runs_at(text: str, moment: datetime.datetime) -> bool:
    """Whether Scheduler fires, by its documentation: weekdays are 1-7 from Sunday, `a/n` every n-th from a.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
    """
    minute, hour, day, month, weekday, year = text.removeprefix("cron(").removesuffix(")").split()
    assert (day == "?") != (weekday == "?")
    assert year == "*"
    places = (
        (minute, moment.minute, 59),
        (hour, moment.hour, 23),
        (day, moment.day, 31),
        (month, moment.month, 12),
        (weekday, moment.isoweekday() % 7 + 1, 7),
    )
    return all(chooses(field, value, high) for field, value, high in places)


def chooses(field: str, value: int, high: int) -> bool:
    if field in ("*", "?"):
        return True
    for item in field.split(","):
        if "/" in item:
            start, step = map(int, item.split("/"))
            if value in range(start, high + 1, step):
                return True
        else:
            ends = [int(end) for end in item.split("-")]
            if ends[0] <= value <= ends[-1]:
                return True
    return False


@given(crons(), st.datetimes(datetime.datetime(2024, 1, 1), datetime.datetime(2028, 1, 1)))
@settings(max_examples=100, deadline=None)
def test_it_fires_when_cron_does(cron: str, start: datetime.datetime) -> None:
    text = expression(cron)
    times = croniter(cron, start)
    before = start
    for _ in range(3):
        moment = times.get_next(datetime.datetime)
        assert runs_at(text, moment)
        minutes = int((moment - before).total_seconds() // 60)
        between = [moment - datetime.timedelta(minutes=back) for back in range(1, min(minutes, 1500))]
        assert not any(runs_at(text, minute) for minute in between)
        before = moment


@given(crons())
@settings(max_examples=100, deadline=None)
def test_read_as_the_plans_own_notation_it_is_the_same(cron: str) -> None:
    assert normalise(expression(cron)) == cron


def test_days_that_fit_either_field_are_refused() -> None:
    with pytest.raises(Refusal) as refused:
        expression("0 6 1 * 1")
    assert str(refused.value) == (
        "@schedule: cron '0 6 1 * 1' runs on days of the month 1 and also on weekdays 1, for which AWS "
        "EventBridge Scheduler has no expression; write * for one of the two"
    )


def test_names_fit_and_stay_apart() -> None:
    names = {schedule_name(f"{'project.user.ada.Train' * 3}{number}") for number in range(100)}
    assert len(names) == 100
    assert all(len(name) == LONGEST_NAME for name in names)
    assert schedule_name("a" * 64) == "a" * 64


def test_long_names_are_those_of_stocks_rules() -> None:
    from metaflow.plugins.aws.step_functions.event_bridge_client import format as name_of_rule

    for length in (63, 64, 65, 80):
        machine = ("Flow." * 16)[:length]
        assert schedule_name(machine) == name_of_rule(machine)


def test_without_a_time_zone_it_is_utc() -> None:
    scheduled = schedule_of(plan(schedules=(Schedule("0 6 * * *"),)), "arn", ACCOUNT)
    assert scheduled is not None
    assert scheduled.timezone == "UTC"


def test_without_a_decorator_there_is_none() -> None:
    assert schedule_of(plan(), "arn", Account(ACCOUNT.role)) is None


def test_a_role_is_needed() -> None:
    with pytest.raises(
        Refusal, match=r"No IAM role found for AWS EventBridge Scheduler.*set METAFLOW_EVENTS_SFN"
    ):
        schedule_of(plan(schedules=(Schedule("0 6 * * *"),)), "arn", Account(ACCOUNT.role))
