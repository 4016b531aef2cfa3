"""A schedule with a time zone: it starts runs with the defaults, and goes when the decorator does."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration.conformance.canonical import canonical
from integration.harness.sfn.engine import Engine, EngineRefused
from integration.sfn.flow import Flow, task

pytestmark = pytest.mark.sfn

STEPS = """
word = Parameter("word", default='"$HOME"')
number = Parameter("number", default=7)
data = Parameter("data", type=JSONType, default='{"a": [1]}')

@step
def only(self):
    self.got = [self.word, self.number, self.data]
"""
ZONE = '@schedule(cron="30 9 * * 1-5", timezone="Asia/Tokyo")'


def test_a_schedule_with_a_time_zone(engine: Engine, tmp_path: Path) -> None:
    flow = Flow(engine, tmp_path, "Scheduled").write(STEPS, decorators=ZONE)
    flow.create()
    scheduler = engine.client("scheduler")
    schedule = scheduler.get_schedule(Name=flow.name)
    assert schedule["ScheduleExpressionTimezone"] == "Asia/Tokyo"
    assert schedule["ScheduleExpression"] == "cron(30 9 ? * 2-6 *)"
    assert schedule["State"] == "ENABLED"

    run = flow.succeeded(engine.fire(flow.name))
    assert task(run, "only").artifacts["got"] == canonical(['"$HOME"', 7, {"a": [1]}])

    flow.write(STEPS).create()
    assert scheduler.list_schedules(NamePrefix=flow.name)["Schedules"] == []
    with pytest.raises(EngineRefused, match="there is no schedule Scheduled"):
        engine.fire(flow.name)
