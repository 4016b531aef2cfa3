"""Limits and schedules on the real scheduler."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from integration.airflow.live import Live
from integration.harness.airflow.client import AirflowError
from integration.harness.process import wait_until
from metaflow_extensions.orchestrators.core.ids import airflow_run_id

pytestmark = pytest.mark.airflow

SIX = """
import time
from metaflow import FlowSpec, step

class Six(FlowSpec):
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
        self.times = [(i.began, i.ended) for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass

if __name__ == "__main__":
    Six()
"""

ENDLESS = """
import time
from metaflow import FlowSpec, schedule, step

@schedule(cron="* * * * *", timezone="Asia/Kathmandu")
class Endless(FlowSpec):
    @step
    def start(self):
        time.sleep(600)
        self.next(self.end)

    @step
    def end(self):
        pass

if __name__ == "__main__":
    Endless()
"""

SCHEDULED = """
from metaflow import FlowSpec, Parameter, schedule, step

@schedule({schedule})
class {name}(FlowSpec):
    text = Parameter("text", default="by default")

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        self.seen = self.text

if __name__ == "__main__":
    {name}()
"""

REQUIRED = """
from metaflow import FlowSpec, Parameter, step

class Required(FlowSpec):
    count = Parameter("count", type=int, required=True)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass

if __name__ == "__main__":
    Required()
"""


def test_no_more_than_max_workers_are_at_work(live: Live) -> None:
    dag_id = live.deploy_text("Six", SIX, "--max-workers", "2")
    run = live.client.run(dag_id)
    assert run.state == "success", live.failures(run)

    times = live.read(f"Run('Six/{airflow_run_id(run.run_id, dag_id)}')['join'].task['times'].data")

    assert len(times) == 6
    for began, _ in times:
        assert sum(other <= began < ended for other, ended in times) <= 2


def test_a_workflow_timeout_ends_manual_and_scheduled_runs(live: Live) -> None:
    dag_id = live.deploy_text("Endless", ENDLESS, "--workflow-timeout", "5")
    manual = live.client.trigger(dag_id)

    assert live.client.wait_for(dag_id, manual, seconds=90).state == "failed"

    def scheduled() -> list[str]:
        return [run for run in live.client.run_ids(dag_id) if run.startswith("scheduled")]

    wait_until(lambda: bool(scheduled()), 90, "the schedule has fired", poll=0.5)
    assert live.client.wait_for(dag_id, scheduled()[0], seconds=90).state == "failed"
    live.client.call("PATCH", f"/dags/{dag_id}", {"is_paused": True})


def test_a_schedule_with_a_time_zone_fires_with_the_defaults(live: Live) -> None:
    text = SCHEDULED.format(schedule='cron="* * * * *", timezone="America/St_Johns"', name="Minutely")
    dag_id = live.deploy_text("Minutely", text)
    wait_until(lambda: bool(live.client.run_ids(dag_id)), 90, "the schedule has fired", poll=0.5)
    run = live.client.wait_for(dag_id, live.client.run_ids(dag_id)[0])
    live.client.call("PATCH", f"/dags/{dag_id}", {"is_paused": True})

    assert run.state == "success", live.failures(run)
    assert run.run_id.startswith("scheduled")
    assert live.read(f"Run('Minutely/{airflow_run_id(run.run_id, dag_id)}').data.seen") == "by default"


@pytest.mark.parametrize(
    ("schedule", "cron"), [("weekly", "0 0 * * 0"), ("daily", "0 0 * * *"), ("hourly", "0 * * * *")]
)
def test_schedules_mean_what_metaflow_means(live: Live, schedule: str, cron: str) -> None:
    name = schedule.capitalize()
    dag_id = live.deploy_text(name, SCHEDULED.format(schedule=f"{schedule}=True", name=name))

    details = live.client.dag_details(dag_id)

    assert cron in details["timetable_summary"]
    # Unpaused, it waits for the next time and makes up for none.
    run_after = datetime.fromisoformat(live.client.call("GET", f"/dags/{dag_id}")["next_dagrun_run_after"])
    assert run_after > datetime.now(timezone.utc)


def test_a_required_parameter_is_asked_for(live: Live) -> None:
    dag_id = live.deploy_text("Required", REQUIRED)

    with pytest.raises(AirflowError, match="count") as refused:
        live.client.trigger(dag_id)

    assert refused.value.status == 400
    run_id = live.client.trigger(dag_id, {"count": 0})
    assert live.client.wait_for(dag_id, run_id).state == "success"
