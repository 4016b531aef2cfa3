"""Tasks at work on a real Airflow: their logs, their end by Airflow, the loss of their worker."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration.airflow.engine import Engine
from integration.airflow.processes import airflow_task_of, processes_of
from integration.harness.process import wait_until
from metaflow_extensions.orchestrators.core.ids import airflow_run_id

pytestmark = pytest.mark.airflow

# Says that it works, and starts a process of its own that outlives it unless somebody ends it.
BUSY = """
@step
def start(self):
    self.next(self.work)

@catch(var="failure", print_exception=False)
@retry(times=1, minutes_between_retries=0)
@step
def work(self):
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print("at work", flush=True)
    while not os.path.exists(os.environ["METAFLOW_DATASTORE_SYSROOT_LOCAL"] + "/go-on"):
        time.sleep(0.1)
    print("went on")
    self.next(self.end)

@step
def end(self):
    self.kind = self.failure and self.failure.type
"""


@pytest.fixture(scope="module")
def go_on(engine: Engine) -> Path:
    """The file that flow Busy waits for."""
    return Path(engine.home.env["METAFLOW_DATASTORE_SYSROOT_LOCAL"], "go-on")


@pytest.fixture
def busy(engine: Engine, go_on: Path) -> str:
    go_on.unlink(missing_ok=True)
    if "Busy" in engine.client.dag_ids():
        return "Busy"
    return engine.deploy("Busy", BUSY)


def is_at_work(metaflow_run: str) -> bool:
    """Whether there are the runtime, the step, and what the step started."""
    return len(processes_of(metaflow_run, "work")) == 3


def test_what_a_task_prints_is_in_airflows_log_while_it_runs(engine: Engine, busy: str, go_on: Path) -> None:
    run_id = engine.start(busy)
    wait_until(lambda: engine.state(busy, run_id, "work") == "running", 60, "the task runs")
    wait_until(lambda: "at work" in engine.log(busy, run_id, "work").splitlines(), 30, "its log shows")
    assert engine.state(busy, run_id, "work") == "running"
    go_on.touch()
    assert engine.finished(busy, run_id).state == "success"
    task = engine.task(busy, run_id, "work")
    assert (task.stdout, task.attempts, task.ok) == (("at work", "went on"), (0,), True)
    assert not processes_of(airflow_run_id(run_id, busy))


@pytest.mark.parametrize("what", ["task", "run"])
def test_a_task_killed_from_airflow_leaves_no_process_and_is_no_success(
    engine: Engine, busy: str, what: str
) -> None:
    run_id = engine.start(busy)
    metaflow_run = airflow_run_id(run_id, busy)
    wait_until(lambda: is_at_work(metaflow_run), 60, "the task is at work")
    if what == "task":
        [task] = [t for t in engine.client.task_instances(busy, run_id) if t.task_id == "work"]
        engine.client.set_task_state(busy, run_id, task, "failed")
    else:
        engine.client.set_run_state(busy, run_id, "failed")
    wait_until(lambda: not processes_of(metaflow_run), 20, "all processes of the task are gone")
    assert engine.finished(busy, run_id).state == "failed"
    task_left = engine.task(busy, run_id, "work")
    assert (task_left.attempts, task_left.ok) == ((0,), False)
    assert "failure" not in task_left.artifacts


@pytest.mark.parametrize("what", ["task", pytest.param("worker", marks=pytest.mark.conformance)])
def test_a_worker_killed_before_it_recorded_its_attempt_leaves_no_gap(
    engine: Engine, busy: str, go_on: Path, what: str
) -> None:
    """`worker`: also Airflow's supervisor of the task; then Airflow notices by the missing heartbeat."""
    go_on.touch()
    run_id = engine.start(busy)
    metaflow_run = airflow_run_id(run_id, busy)
    wait_until(lambda: bool(processes_of(metaflow_run, "work")), 60, "the task begins", poll=0.02)
    task = airflow_task_of(metaflow_run, "work")
    supervisor = task.parent()
    assert supervisor is not None
    if what == "worker":
        supervisor.kill()
    task.kill()
    assert not (engine.task_folder(busy, run_id, "work") / "0.attempt.json").exists()
    wait_until(lambda: not processes_of(metaflow_run, "work"), 10, "no process of the step is left")
    run = engine.finished(busy, run_id, seconds=180)
    assert (run.state, {t.task_id: t.try_number for t in run.tasks}["work"]) == ("success", 2)
    left = engine.task(busy, run_id, "work")
    assert (left.attempts, left.ok) == ((0,), True)


def test_a_worker_killed_in_the_middle_takes_the_step_and_what_it_started_with_it(
    engine: Engine, busy: str, go_on: Path
) -> None:
    run_id = engine.start(busy)
    metaflow_run = airflow_run_id(run_id, busy)
    wait_until(lambda: is_at_work(metaflow_run), 60, "the step is at work")
    first = {process.pid for process in processes_of(metaflow_run, "work")}
    airflow_task_of(metaflow_run, "work").kill()
    wait_until(
        lambda: not first & {process.pid for process in processes_of(metaflow_run, "work")},
        20,
        "the processes of the first try are gone",
    )
    go_on.touch()
    assert engine.finished(busy, run_id).state == "success"
    left = engine.task(busy, run_id, "work")
    assert (left.attempts, left.ok) == ((0, 1), True)
