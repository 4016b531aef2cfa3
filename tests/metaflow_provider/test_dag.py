from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import CronTriggerTimetable, Param
from airflow.sdk.exceptions import ParamValidationError
from airflow.serialization.serialized_objects import DagSerialization

from metaflow_provider import MetaflowDAG, Translator
from metaflow_provider.dag.problem import problem_dag
from metaflow_provider.plan import Refusal, Step, dumps
from metaflow_provider.plan.model import Compute, Limits, Parameter, Project, Retry, Schedule, Sensor
from tests.metaflow_provider.plans import chain, every_kind, plan, step

LOOP = plan(step("start", "loop"), step("loop", "loop", "end", kind="switch", retry=Retry(2)), step("end"))


def serialized(dag: MetaflowDAG) -> str:
    # Sorted, as Airflow does when it compares: its own fields are in a set.
    return json.dumps(DagSerialization.to_dict(dag), sort_keys=True)


# How long after its time the first run of a schedule still starts.
GRACE = timedelta(minutes=5)


def test_what_the_plan_says_of_the_flow() -> None:
    dag = MetaflowDAG(
        plan(
            doc="Trains.\n\nEvery day.",
            owner="ada",
            tags=("b", "a"),
            schedules=(Schedule("0 6 * * 1-5", "Europe/Berlin"),),
            limits=Limits(3, 90),
            production_token="train-0-abcd",
            project=Project("shop", "prod", True),
        )
    )
    assert dag.dag_id == "train"
    assert dag.schedule == CronTriggerTimetable(
        "0 6 * * 1-5", timezone="Europe/Berlin", run_immediately=GRACE
    )
    assert not dag.catchup
    assert (dag.max_active_tasks, dag.dagrun_timeout) == (3, timedelta(seconds=90))
    assert dag.tags == {"metaflow", "a", "b"}
    assert dag.description == "Trains."
    assert dag.task_dict["start"].owner == "ada"
    assert dag.doc_md is not None
    for fact in ("Every day.", "`production:train-0-abcd`", "project `shop`, branch `prod`"):
        assert fact in dag.doc_md


def test_a_schedule_without_time_zone_is_utc() -> None:
    dag = MetaflowDAG(plan(schedules=(Schedule("0 0 * * *"),)))
    assert dag.schedule == CronTriggerTimetable("0 0 * * *", timezone="UTC", run_immediately=GRACE)


def test_runs_by_hand_end_in_time_too() -> None:
    dag = MetaflowDAG(plan(limits=Limits(workflow_timeout=60)))
    assert dag.schedule is None
    assert dag.dagrun_timeout == timedelta(seconds=60)
    assert MetaflowDAG(plan()).dagrun_timeout is None


def test_parameters_are_params() -> None:
    dag = MetaflowDAG(
        plan(
            parameters=(
                Parameter("must", "int", required=True),
                Parameter("may", "str"),
                Parameter("has", "int", default=3),
            )
        )
    )
    assert (dag.params["may"], dag.params["has"]) == (None, 3)
    with pytest.raises(ParamValidationError, match="must"):
        dag.params.validate()
    dag.params["must"] = 1
    assert dag.params.validate() == {"must": 1, "may": None, "has": 3}


def test_the_person_who_writes_the_dag_file_has_the_last_word() -> None:
    dag = MetaflowDAG(
        dumps(plan(limits=Limits(3))),
        pool="ml",
        is_paused_upon_creation=True,
        max_active_tasks=9,
        dag_id="other",
        step_arguments={"end": {"pool": "gpu", "priority_weight": 7}},
    )
    assert (dag.dag_id, dag.max_active_tasks, dag.is_paused_upon_creation) == ("other", 9, True)
    start, end = dag.task_dict["start"], dag.task_dict["end"]
    assert (start.pool, end.pool, end.priority_weight) == ("ml", "gpu", 7)


def test_default_arguments_and_params_are_added_to_those_of_the_plan() -> None:
    flow = plan(owner="ada", parameters=(Parameter("size", "int", default=3), Parameter("name", "str")))
    dag = MetaflowDAG(
        flow,
        pool="ml",
        default_args={"priority_weight": 7},
        params={"size": 4, "mine": Param("x", type="string")},
    )
    start = dag.task_dict["start"]
    assert (start.owner, start.pool, start.priority_weight) == ("ada", "ml", 7)
    assert dag.params.dump() == {"size": 4, "name": None, "mine": "x"}
    assert dag.params.get_param("size").schema["type"] == ["null", "integer"]
    assert MetaflowDAG(flow, default_args={"owner": "eve"}).task_dict["start"].owner == "eve"
    with pytest.raises(ParamValidationError, match="size"):
        MetaflowDAG(flow, params={"size": "large"})


def test_the_pool_of_the_plan_holds_unless_another_is_given() -> None:
    flow = plan(limits=Limits(pool="etl"))
    assert MetaflowDAG(flow).task_dict["end"].pool == "etl"
    assert MetaflowDAG(flow, default_args={"pool": "ml"}).task_dict["end"].pool == "ml"
    assert MetaflowDAG(flow, default_args={"pool": "ml"}, pool="gpu").task_dict["end"].pool == "gpu"


def test_compute_that_does_not_apply_is_in_the_documentation() -> None:
    compute = Compute("kubernetes", {"cpu": 2, "image": None})
    dag = MetaflowDAG(plan(step("start", "end", compute=compute), step("end")))
    assert dag.doc_md is not None
    line = "Step start: @kubernetes does not apply, steps run as processes of the Airflow worker (cpu=2)"
    assert line in dag.doc_md.splitlines()


def test_no_text_is_taken_for_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes.md").write_text("the file", encoding="utf-8")
    assert str(problem_dag("train", "notes.md").doc_md).strip() == "notes.md"
    assert str(MetaflowDAG(plan(doc="notes.md")).doc_md).startswith("notes.md\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"step_arguments": {"train": {}}}, "step_arguments names train, which flow Train does not have"),
        ({"backend": "kubernetes"}, "the backend 'kubernetes' is not supported yet; use process"),
    ],
)
def test_arguments_that_mean_nothing(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(Refusal) as refused:
        MetaflowDAG(plan(), **arguments)
    assert str(refused.value) == message


def test_airflow_tries_steps_again() -> None:
    flow = plan(step("start", "end", retry=Retry(1, 3, 2), doc="Starts."), step("end"))
    tasks = MetaflowDAG(flow).task_dict
    assert (tasks["start"].retries, tasks["start"].retry_delay) == (4, timedelta(minutes=2))
    assert tasks["start"].doc_md == "Starts."
    assert tasks["end"].retries == 0


def test_steps_wait_for_all_their_parents_unless_a_switch_leaves_some_out() -> None:
    assert {task.trigger_rule.value for task in MetaflowDAG(LOOP).tasks} == {"all_success"}
    rules = {name: task.trigger_rule.value for name, task in MetaflowDAG(every_kind()).task_dict.items()}
    assert rules.pop("start") == "all_success"
    assert rules.pop("inner-indices") == "none_failed"
    assert set(rules.values()) == {"none_failed_min_one_success"}


def test_every_kind_of_graph_is_one_task_a_step() -> None:
    flow = every_kind()
    dag = MetaflowDAG(flow)
    assert set(dag.task_dict) == {s.name for s in flow.steps} | {"inner-indices"}
    upstream = {name: task.upstream_task_ids for name, task in dag.task_dict.items()}
    for name, node in flow.graph.nodes.items():
        assert upstream[name] >= set(node.parents)
    assert upstream["join"] == {"collect", "aside"}
    assert upstream["work"] == {"inner", "inner-indices"}
    groups = {
        name: task.task_group.group_id
        for name, task in dag.task_dict.items()
        if task.task_group and task.task_group.group_id
    }
    assert groups == {
        "inner": "foreach-outer",
        "work": "foreach-inner",
        **dict.fromkeys(("gather", "choose", "loop", "short", "merge"), "foreach-outer-1"),
    }
    DagSerialization.from_dict(DagSerialization.to_dict(dag))


SENSORS = (
    Sensor(
        "airflow_external_task_sensor",
        "wait",
        {"external_dag_id": "other", "execution_delta": 3600.0, "description": "Waits.", "timeout": 60},
    ),
    Sensor("airflow_s3_key_sensor", "S3KeySensor-0", {"bucket_key": "s3://b/k", "mode": "reschedule"}),
)


def test_sensors_come_before_the_first_step() -> None:
    tasks: dict[str, Any] = MetaflowDAG(plan(sensors=SENSORS)).task_dict
    assert tasks["start"].upstream_task_ids == {"wait", "S3KeySensor-0"}
    wait, key = tasks["wait"], tasks["S3KeySensor-0"]
    assert (type(wait).__name__, type(key).__name__) == ("ExternalTaskSensor", "S3KeySensor")
    assert (wait.external_dag_id, wait.execution_delta, wait.doc) == ("other", timedelta(hours=1), "Waits.")
    assert (key.bucket_key, key.mode) == ("s3://b/k", "reschedule")


def test_a_changed_plan_is_a_changed_dag() -> None:
    one, other = (MetaflowDAG(plan(step("start", environment={"A": value}))) for value in "12")
    assert serialized(one) != serialized(other)


AGAIN = """
import json
from airflow.serialization.serialized_objects import DagSerialization
from metaflow_provider import MetaflowDAG, Translator
from tests.metaflow_provider.plans import every_kind
print(json.dumps(DagSerialization.to_dict(MetaflowDAG(every_kind())), sort_keys=True))
"""


def test_the_same_plan_is_the_same_dag_in_every_process() -> None:
    here = serialized(MetaflowDAG(every_kind()))
    assert serialized(MetaflowDAG(every_kind())) == here
    # Sets have another order there.
    env = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", AGAIN], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == here


def test_500_steps() -> None:
    dag = MetaflowDAG(chain(500))
    assert len(dag.tasks) == 500
    assert len(DagSerialization.to_dict(dag)["dag"]["tasks"]) == 500


def test_a_translator_decides_about_steps() -> None:
    class Patient(Translator):
        def retries(self, step: Step) -> int:
            return super().retries(step) + 2

        def pool(self, step: Step) -> str | None:
            return "etl" if step.name == "start" else None

        def arguments(self, step: Step) -> dict[str, Any]:
            return {"priority_weight": 7 if step.name == "end" else 1}

    dag = MetaflowDAG(plan(), translator=Patient, step_arguments={"end": {"retries": 5}})
    start, end = dag.get_task("start"), dag.get_task("end")
    assert (start.retries, start.pool, start.priority_weight) == (2, "etl", 1)
    assert (end.retries, end.pool, end.priority_weight) == (5, "default_pool", 7)
