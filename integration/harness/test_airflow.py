"""`dag.test()` in a warm process and the real scheduler, both with small DAGs of their own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from integration.harness.airflow import client as client_module
from integration.harness.airflow.client import AirflowClient, AirflowError
from integration.harness.airflow.home import AirflowHome
from integration.harness.airflow.scheduler import Scheduler
from integration.harness.airflow.tester import DagTester, DagTestFailed, dag_test, dag_tests
from integration.harness.process import wait_until

pytestmark = pytest.mark.airflow

TWO_TASKS = """
import os, time
from airflow.sdk import DAG, Param, get_current_context, task

with DAG(DAG_ID, schedule=None, params={"n": Param(2, type="integer"), "sleep": 0.0}) as dag:

    @task
    def first(params):
        print("in process", os.getpid())
        return list(range(params["n"]))

    @task
    def second(number):
        print("got number", number)
        time.sleep(get_current_context()["params"]["sleep"])

    second.expand(number=first())
"""

FAILS_ONCE = """
from datetime import timedelta
from airflow.sdk import DAG, get_current_context, task

with DAG(DAG_ID, schedule=None) as dag:

    @task(retries=1, retry_delay=timedelta(0))
    def once():
        assert get_current_context()["ti"].try_number > 1

    @task
    def always():
        raise ValueError("always fails")

    once() >> always()
"""

SLEEPS = """
import os, pathlib, subprocess, sys
from airflow.sdk import DAG, task

with DAG(DAG_ID, schedule=None, params={"pid_file": ""}) as dag:

    @task
    def sleep(params):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        pathlib.Path(params["pid_file"]).write_text(f"{os.getpid()} {child.pid}\\n")
        child.wait()

    sleep()
"""

DIES = """
import os
from airflow.sdk import DAG, task

with DAG(DAG_ID, schedule=None) as dag:

    @task
    def die():
        print("last words", flush=True)
        os._exit(7)

    die()
"""


def write_dag(home: AirflowHome, dag_id: str, source: str) -> Path:
    path = home.dags / f"{dag_id}.py"
    path.write_text(f"DAG_ID = {dag_id!r}\n{source}")
    return path


def pids_in(file: Path) -> list[int]:
    wait_until(lambda: file.exists() and file.read_text().endswith("\n"), 30, f"{file} is written")
    return [int(pid) for pid in file.read_text().split()]


# --- dag.test()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> AirflowHome:
    home = AirflowHome(tmp_path_factory.mktemp("dag_test") / "airflow", env={"FROM_HOME": "yes"})
    write_dag(home, "two_tasks", TWO_TASKS)
    return home


@pytest.fixture(scope="module")
def tester(home: AirflowHome) -> Iterator[DagTester]:
    with DagTester(home) as tester:
        yield tester


def test_a_run_has_its_mapped_task_instances_and_its_log(tester: DagTester) -> None:
    run = tester.run("two_tasks", {"n": 3})
    expected = {("first", -1): "success"} | {("second", index): "success" for index in range(3)}
    assert (run.state, run.states()) == ("success", expected)
    assert [task.task_id for task in run.tasks] == ["first", "second", "second", "second"]
    assert all(task.try_number == 1 and task.duration is not None for task in run.tasks)
    assert "got number 2" in tester.log.read_text()


def test_a_failed_run_and_a_retried_task(home: AirflowHome, tester: DagTester) -> None:
    write_dag(home, "fails_once", FAILS_ONCE)
    run = tester.run("fails_once")
    assert run.state == "failed"
    assert [(task.task_id, task.state, task.try_number) for task in run.tasks] == [
        ("once", "success", 2),
        ("always", "failed", 1),
    ]


def test_the_dags_folder_is_read_again_for_each_run(home: AirflowHome, tester: DagTester) -> None:
    write_dag(home, "changing", TWO_TASKS)
    assert len(tester.run("changing").tasks) == 3
    write_dag(home, "changing", TWO_TASKS.replace("Param(2", "Param(5"))
    assert len(tester.run("changing").tasks) == 6


def test_a_dag_that_does_not_load_is_named_with_its_error(home: AirflowHome, tester: DagTester) -> None:
    broken = write_dag(home, "broken", "from airflow.sdk import DAG\nimport no_such_module\n")
    with pytest.raises(DagTestFailed, match=r"no DAG broken in (.|\n)*No module named 'no_such_module'"):
        tester.run("broken")
    broken.unlink()


def test_a_conf_that_does_not_fit_the_parameters_is_refused(tester: DagTester) -> None:
    with pytest.raises(DagTestFailed, match="ParamValidationError"):
        tester.run("two_tasks", {"n": "not a number"})


def test_a_run_that_takes_too_long_is_ended_and_the_next_one_works(
    home: AirflowHome, tester: DagTester, tmp_path: Path
) -> None:
    write_dag(home, "sleeps", SLEEPS)
    tester.run("two_tasks")
    with pytest.raises(TimeoutError, match="sleeps: not ended within 8 s"):
        tester.run("sleeps", {"pid_file": str(tmp_path / "pids")}, seconds=8)
    assert not any(map(psutil.pid_exists, pids_in(tmp_path / "pids")))
    assert tester.run("two_tasks").state == "success"


def test_a_process_that_dies_shows_its_last_words(home: AirflowHome, tester: DagTester) -> None:
    write_dag(home, "dies", DIES)
    with pytest.raises(DagTestFailed, match=r"dies: the process of dag.test\(\) ended(.|\n)*last words"):
        tester.run("dies")


def test_several_dags_run_in_one_process(home: AirflowHome) -> None:
    write_dag(home, "three_tasks", TWO_TASKS)
    before = set((home.folder / "dag_test").glob("*/*_tasks.log"))
    runs = list(dag_tests(home, [("two_tasks", None), ("three_tasks", {"n": 1})]))
    assert [(run.dag_id, run.state, len(run.tasks)) for run in runs] == [
        ("two_tasks", "success", 3),
        ("three_tasks", "success", 2),
    ]
    logs = set((home.folder / "dag_test").glob("*/*_tasks.log")) - before
    pids = [log.read_text().split("in process ")[1].split()[0] for log in logs]
    assert len(pids) == 2
    assert len(set(pids)) == 1


def test_settings_and_environment_of_a_home_hold(tmp_path: Path) -> None:
    home = AirflowHome(tmp_path / "airflow", {"core": {"max_map_length": "7"}}, env={"SAID": "hello"})
    source = """
import os
from airflow.configuration import conf
from airflow.sdk import DAG, task

with DAG(DAG_ID, schedule=None, tags=[os.environ["SAID"], conf.get("core", "max_map_length")]) as dag:

    @task
    def check():
        assert dag.tags == {"hello", "7"}

    check()
"""
    write_dag(home, "checks", source)
    assert dag_test(home, "checks").state == "success"


# --- the scheduler


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scheduler]:
    home = AirflowHome(tmp_path_factory.mktemp("scheduler") / "airflow")
    write_dag(home, "two_tasks", TWO_TASKS)
    write_dag(home, "fails_once", FAILS_ONCE)
    write_dag(home, "sleeps", SLEEPS)
    with Scheduler(home, parallelism=2) as scheduler:
        yield scheduler


@pytest.fixture
def client(scheduler: Scheduler) -> AirflowClient:
    return scheduler.client


def test_the_scheduler_runs_a_dag(client: AirflowClient) -> None:
    run = client.run("two_tasks", {"n": 3})
    expected = {("first", -1): "success"} | {("second", index): "success" for index in range(3)}
    assert (run.state, run.states()) == ("success", expected)
    mapped = next(task for task in run.tasks if task.map_index == 2)
    assert "got number 2" in client.log("two_tasks", run.run_id, mapped)


def test_all_pages_are_read(client: AirflowClient, monkeypatch: pytest.MonkeyPatch) -> None:
    run = client.run("two_tasks", {"n": 6})
    monkeypatch.setattr(client_module, "PAGE", 2)
    tasks = client.task_instances("two_tasks", run.run_id)
    assert sorted(task.map_index for task in tasks) == list(range(-1, 6))
    assert {"fails_once", "sleeps", "two_tasks"} <= set(client.dag_ids())


def test_no_more_tasks_than_parallelism_are_at_work(client: AirflowClient) -> None:
    run = client.run("two_tasks", {"n": 5, "sleep": 1.0})
    moments = [(task.start_date, 1) for task in run.tasks] + [(task.end_date, -1) for task in run.tasks]
    at_work = peak = 0
    for _, change in sorted(moments, key=lambda moment: str(moment[0])):
        at_work += change
        peak = max(peak, at_work)
    assert peak == 2


def test_a_new_dag_file_shows_soon_and_a_broken_one_is_an_import_error(scheduler: Scheduler) -> None:
    home, client = scheduler.home, scheduler.client
    started = time.monotonic()
    write_dag(home, "newcomer", TWO_TASKS)
    client.wait_for_dag("newcomer")
    assert time.monotonic() - started < 15
    assert client.dag_details("newcomer")["params"]["n"]["value"] == 2
    write_dag(home, "broken", "from airflow.sdk import DAG\nimport no_such_module\n")
    wait_until(lambda: any("broken" in file for file in client.import_errors()), 30, "an import error shows")
    with pytest.raises(TimeoutError, match=r"DAG broken is loaded: not within 0.5 s; .*no_such_module"):
        client.wait_for_dag("broken", seconds=0.5)


def test_a_run_with_a_logical_date_and_a_conf_that_is_refused(client: AirflowClient) -> None:
    client.unpause("two_tasks")
    run_id = client.trigger("two_tasks", logical_date="2024-02-29T12:00:00Z")
    assert client.wait_for("two_tasks", run_id).state == "success"
    assert run_id in client.run_ids("two_tasks")
    with pytest.raises(AirflowError, match="not of type 'integer'") as refused:
        client.trigger("two_tasks", {"n": "three"})
    assert refused.value.status == 400


def test_retries_and_the_log_of_each_try(client: AirflowClient) -> None:
    run = client.run("fails_once")
    once, always = run.tasks
    assert (run.state, once.state, once.try_number, always.state) == ("failed", "success", 2, "failed")
    assert "AssertionError" in client.log("fails_once", run.run_id, once, try_number=1)
    assert "AssertionError" not in client.log("fails_once", run.run_id, once)
    assert "always fails" in client.log("fails_once", run.run_id, always)


def test_cleared_tasks_run_again_with_what_is_downstream(client: AirflowClient) -> None:
    run = client.run("two_tasks")
    client.clear("two_tasks", run.run_id, ["first"], downstream=True)
    again = client.wait_for("two_tasks", run.run_id)
    assert (again.state, {task.try_number for task in again.tasks}) == ("success", {2})


def test_one_mapped_instance_is_cleared_alone(client: AirflowClient) -> None:
    run = client.run("two_tasks")
    client.clear("two_tasks", run.run_id, [("second", 1)])
    again = client.wait_for("two_tasks", run.run_id)
    assert {(task.task_id, task.map_index): task.try_number for task in again.tasks} == {
        ("first", -1): 1,
        ("second", 0): 1,
        ("second", 1): 2,
    }


@pytest.mark.parametrize("what", ["task", "run"])
def test_a_running_task_marked_failed_is_killed(client: AirflowClient, tmp_path: Path, what: str) -> None:
    client.wait_for_dag("sleeps")
    client.unpause("sleeps")
    run_id = client.trigger("sleeps", {"pid_file": str(tmp_path / "pids")})
    task_pid, _ = pids_in(tmp_path / "pids")
    with pytest.raises(TimeoutError, match=r"sleeps has ended: not within 0.5 s: sleep\[-1\] running"):
        client.wait_for("sleeps", run_id, seconds=0.5)
    if what == "task":
        client.set_task_state("sleeps", run_id, client.task_instances("sleeps", run_id)[0], "failed")
    else:
        client.set_run_state("sleeps", run_id, "failed")
    assert client.wait_for("sleeps", run_id).state == "failed"
    wait_until(lambda: not psutil.pid_exists(task_pid), 30, "the task's process is gone")


def test_pools(client: AirflowClient) -> None:
    client.create_pool("narrow", 1)
    assert client.pools()["narrow"] == 1


def test_stopping_ends_everything_even_a_task_at_work(tmp_path: Path) -> None:
    home = AirflowHome(tmp_path / "airflow")
    write_dag(home, "sleeps", SLEEPS)
    with Scheduler(home, parallelism=1, triggerer=True) as scheduler:
        client = scheduler.client
        client.wait_for_dag("sleeps")
        client.unpause("sleeps")
        client.trigger("sleeps", {"pid_file": str(tmp_path / "pids")})
        pids = pids_in(tmp_path / "pids") + [process.pid for process in scheduler.processes.values()]
        assert all(map(psutil.pid_exists, pids))
    assert not any(map(psutil.pid_exists, pids))
