"""Limits, pools, schedules and required parameters on the real scheduler."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from integration.airflow.engine import Engine
from integration.conformance.canonical import canonical
from integration.harness.airflow.client import AirflowError
from integration.harness.process import wait_until

pytestmark = pytest.mark.airflow

SIX = """
@step
def start(self):
    self.numbers = list(range(6))
    self.next(self.body, foreach="numbers")

@step
def body(self):
    self.began = time.time()
    time.sleep(1)
    self.ended = time.time()
    self.next(self.join)

@step
def join(self, inputs):
    spans = [(i.began, i.ended) for i in inputs]
    self.most = max(sum(began <= moment < ended for began, ended in spans) for moment, _ in spans)
    self.next(self.end)

@step
def end(self):
    pass
"""

ENDLESS = """
@schedule(cron="* * * * *", timezone="Asia/Kathmandu")
class Endless(FlowSpec):
    @step
    def start(self):
        time.sleep(600)
        self.next(self.end)

    @step
    def end(self):
        pass
"""

SCHEDULED = """
@schedule({schedule})
class {name}(FlowSpec):
    text = Parameter("text", default="by default")

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        self.seen = self.text
"""

REQUIRED = """
count = Parameter("count", type=int, required=True)

@step
def start(self):
    self.next(self.end)

@step
def end(self):
    pass
"""


def pause(engine: Engine, dag_id: str) -> None:
    engine.client.call("PATCH", f"/dags/{dag_id}", {"is_paused": True})


def test_no_more_than_max_workers_are_at_work(engine: Engine) -> None:
    flow = engine.deploy("Six", SIX, ["--max-workers", "2"])
    run_id = engine.start(flow)
    assert engine.finished(flow, run_id).state == "success"
    assert engine.task(flow, run_id, "join").artifacts["most"] in (canonical(1), canonical(2))


def test_a_flow_runs_in_its_pool(engine: Engine) -> None:
    engine.client.create_pool("narrow", 1)
    flow = engine.deploy("SixInAPool", SIX, ["--worker-pool", "narrow"])
    run_id = engine.start(flow)
    assert engine.finished(flow, run_id).state == "success"
    rows = engine.client.call("GET", f"/dags/{flow}/dagRuns/{run_id}/taskInstances")["task_instances"]
    assert {row["pool"] for row in rows} == {"narrow"}
    assert engine.task(flow, run_id, "join").artifacts["most"] == canonical(1)


def test_a_workflow_timeout_ends_manual_and_scheduled_runs(engine: Engine) -> None:
    flow = engine.deploy("Endless", ENDLESS, ["--workflow-timeout", "5"])
    manual = engine.start(flow)
    assert engine.finished(flow, manual, seconds=90).state == "failed"
    scheduled = first_scheduled(engine, flow)
    assert engine.finished(flow, scheduled, seconds=90).state == "failed"
    pause(engine, flow)


def test_a_schedule_with_a_time_zone_fires_with_the_defaults(engine: Engine) -> None:
    schedule = 'cron="* * * * *", timezone="America/St_Johns"'
    flow = engine.deploy("Minutely", SCHEDULED.format(schedule=schedule, name="Minutely"))
    run_id = first_scheduled(engine, flow)
    assert engine.finished(flow, run_id).state == "success"
    pause(engine, flow)
    assert engine.task(flow, run_id, "end").artifacts["seen"] == canonical("by default")


def first_scheduled(engine: Engine, dag_id: str) -> str:
    """The first run that the schedule has started, which is within a minute."""

    def found() -> list[str]:
        return [run_id for run_id in engine.client.run_ids(dag_id) if run_id.startswith("scheduled")]

    wait_until(lambda: bool(found()), 90, "the schedule has fired", poll=0.5)
    return found()[0]


@pytest.mark.parametrize(
    ("name", "schedule", "cron", "hours"),
    [
        ("Weekly", "weekly=True", "0 0 * * 0", {0}),
        ("Daily", "daily=True", "0 0 * * *", {0}),
        ("Hourly", "hourly=True", "0 * * * *", set(range(24))),
        ("InIndia", 'cron="30 5 ? * * *", timezone="Asia/Kolkata"', "30 5 * * *", {0}),
    ],
)
def test_schedules_mean_what_metaflow_means(
    engine: Engine, name: str, schedule: str, cron: str, hours: set[int]
) -> None:
    flow = engine.deploy(name, SCHEDULED.format(schedule=schedule, name=name))
    details = engine.client.dag_details(flow)
    assert cron in details["timetable_summary"]
    # Unpaused, it waits for the next time and makes up for none but one of the last minutes.
    next_run = datetime.fromisoformat(details["next_dagrun_run_after"])
    assert next_run > datetime.now(timezone.utc) - timedelta(minutes=5)
    at = next_run.astimezone(timezone.utc)
    assert (at.minute, at.second, at.hour in hours) == (0, 0, True)
    assert name != "Weekly" or at.strftime("%A") == "Sunday"


def test_a_required_parameter_is_asked_for(engine: Engine) -> None:
    flow = engine.deploy("Required", REQUIRED)
    with pytest.raises(AirflowError, match="count") as refused:
        engine.start(flow)
    assert refused.value.status == 400
    assert engine.finished(flow, engine.start(flow, {"count": 0})).state == "success"
