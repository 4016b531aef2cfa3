"""Executions on the engine: waits, time limits, stops, listings, and what is refused."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from integration.harness.process import wait_until
from integration.harness.sfn.engine import Engine
from integration.harness.sfn.features import distributed, each, failing, jsonata, passing
from integration.harness.sfn.names import role
from integration.harness.sfn.sample import (
    JSON,
    TRIVIAL,
    job_state,
    job_when,
    log_of,
    machine,
    output,
    run,
    start,
)

pytestmark = pytest.mark.sfn


def history(engine: Engine, execution: str, **options: Any) -> list[JSON]:
    pages = engine.client("stepfunctions").get_paginator("get_execution_history")
    return [event for page in pages.paginate(executionArn=execution, **options) for event in page["events"]]


def submitted(engine: Engine, execution: str) -> list[str]:
    """Ids of the jobs that an execution has submitted so far."""
    events = [event for event in history(engine, execution) if event["type"] == "TaskSubmitted"]
    return [json.loads(event["taskSubmittedEventDetails"]["output"])["JobId"] for event in events]


def first_job(engine: Engine, execution: str) -> str:
    """The id of the first job of an execution, when it runs."""
    wait_until(lambda: submitted(engine, execution) != [], 20, "a job")
    [job_id, *_] = submitted(engine, execution)
    job_when(engine, job_id, {"RUNNING"})
    return job_id


def retrying(script: str, **rule: Any) -> JSON:
    return {**job_state(script), "Retry": [{"ErrorEquals": ["States.TaskFailed"], **rule}]}


def test_retries_wait_as_long_as_their_rule_says(engine: Engine) -> None:
    state = retrying("exit 1", IntervalSeconds=1, BackoffRate=3, MaxAttempts=3, MaxDelaySeconds=2)
    ended = run(engine, machine(state))
    assert ended["error"] == "States.TaskFailed"
    events = history(engine, ended["executionArn"])
    failed = [event["timestamp"] for event in events if event["type"] == "TaskFailed"]
    begun = [event["timestamp"] for event in events if event["type"] == "TaskScheduled"][1:]
    waits = [round((b - a).total_seconds()) for a, b in zip(failed, begun, strict=False)]
    assert waits == [1, 2, 2]


def test_a_retry_knows_its_number(engine: Engine) -> None:
    second = "{% '[ ' & $string($states.context.State.RetryCount) & ' = 2 ]' %}"
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::batch:submitJob.sync",
        "Arguments": job_state("", ContainerOverrides={"Command": ["bash", "-c", second]})["Parameters"],
        "Output": "{% $states.result.Status %}",
        "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "BackoffRate": 1, "MaxAttempts": 4}],
    }
    assert output(engine, jsonata(state)) == "SUCCEEDED"


def test_a_machine_out_of_time_ends_its_job(engine: Engine) -> None:
    execution = start(engine, machine(job_state("sleep 60"), TimeoutSeconds=2))
    job_id = first_job(engine, execution)
    ended = engine.ended(execution, 20)
    assert (ended["status"], "stopDate" in ended) == ("TIMED_OUT", True)
    assert job_when(engine, job_id, {"FAILED"})["isTerminated"]
    assert history(engine, execution)[-1]["type"] == "ExecutionTimedOut"


def test_a_stopped_execution_ends_its_jobs_and_those_of_its_branches(engine: Engine) -> None:
    branches = [
        machine(job_state("sleep 60")),
        machine(each(machine(job_state("sleep 60")), ItemsPath="$.l")),
    ]
    execution = start(engine, machine({"Type": "Parallel", "Branches": branches}), {"l": [1, 2]})
    wait_until(lambda: len(submitted(engine, execution)) == 3, 20, "three jobs")
    jobs = submitted(engine, execution)
    states = engine.client("stepfunctions")
    states.stop_execution(executionArn=execution, error="Mine", cause="enough")
    ended = engine.ended(execution, 10)
    assert (ended["status"], ended["error"], ended["cause"]) == ("ABORTED", "Mine", "enough")
    for job_id in jobs:
        job_when(engine, job_id, {"FAILED"}, 20)
    events = history(engine, execution)
    assert events[-1]["type"] == "ExecutionAborted"
    assert "TaskSucceeded" not in {event["type"] for event in events}


def nested(engine: Engine, child: JSON, **fields: Any) -> tuple[JSON, str]:
    """A state that runs a machine and waits for it, and the ARN of that machine."""
    states = engine.client("stepfunctions")
    arn = states.create_state_machine(
        name=f"child-{uuid.uuid4()}", definition=json.dumps(child), roleArn=role("step-functions")
    )["stateMachineArn"]
    resource = "arn:aws:states:::states:startExecution.sync:2"
    return {"Type": "Task", "Resource": resource, "Parameters": {"StateMachineArn": arn}, **fields}, arn


def test_a_nested_execution_is_tried_again(engine: Engine) -> None:
    rule = {"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 1, "BackoffRate": 1, "MaxAttempts": 2}
    state, child = nested(engine, failing("Mine"), Retry=[rule])
    ended = run(engine, machine(state))
    assert (ended["error"], json.loads(ended["cause"])["Error"]) == ("States.TaskFailed", "Mine")
    runs = engine.client("stepfunctions").list_executions(stateMachineArn=child, statusFilter="FAILED")
    assert len(runs["executions"]) == 3


def test_a_nested_execution_is_stopped_with_its_parent(engine: Engine) -> None:
    state, child = nested(engine, machine({"Type": "Wait", "Seconds": 60}))
    execution = start(engine, machine(state))
    states = engine.client("stepfunctions")
    wait_until(lambda: states.list_executions(stateMachineArn=child)["executions"] != [], 20, "the child")
    states.stop_execution(executionArn=execution)
    assert engine.ended(execution, 5)["status"] == "ABORTED"
    [row] = states.list_executions(stateMachineArn=child)["executions"]
    assert engine.ended(row["executionArn"], 5)["status"] == "ABORTED"


def test_a_stop_does_not_wait_for_a_retry(engine: Engine) -> None:
    execution = start(engine, machine(retrying("exit 1", IntervalSeconds=600, MaxAttempts=1)))
    wait_until(lambda: history(engine, execution)[-1]["type"] == "TaskFailed", 20, "the first failure")
    engine.client("stepfunctions").stop_execution(executionArn=execution)
    assert engine.ended(execution, 5)["status"] == "ABORTED"


@pytest.mark.parametrize("kind", [each, distributed])
def test_a_failing_item_ends_the_jobs_of_the_others(engine: Engine, kind: Any) -> None:
    processor = machine(job_state("", ContainerOverrides={"Command.$": "States.Array('bash', '-c', $)"}))
    execution = start(
        engine, machine(kind(processor, ItemsPath="$.l")), {"l": ["sleep 2; exit 1", "sleep 60"]}
    )
    ended = engine.ended(execution, 30)
    assert ended["status"] == "FAILED"
    assert ended["error"] in {"States.TaskFailed", "States.ExceedToleratedFailureThreshold"}
    batch = engine.client("batch")
    wait_until(
        lambda: batch.list_jobs(jobQueue="metaflow-ec2", jobStatus="RUNNING")["jobSummaryList"] == [],
        20,
        "no job",
    )


def test_a_map_runs_no_more_items_at_once_than_it_says(engine: Engine) -> None:
    processor = machine({"Type": "Wait", "Seconds": 1})
    ended = run(engine, machine(each(processor, ItemsPath="$.l", MaxConcurrency=2)), {"l": [1, 2, 3, 4]})
    assert 2 <= (ended["stopDate"] - ended["startDate"]).total_seconds() < 3.5


def test_the_failed_child_of_a_map_run_is_found(engine: Engine) -> None:
    processor = machine(
        {"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 1, "Next": "F"}], "Default": "P"}
    )
    processor["States"] |= {"F": {"Type": "Fail", "Error": "Mine", "Cause": "one"}, "P": passing(End=True)}
    del processor["States"]["A"]["End"]
    definition = machine(distributed(processor, ItemsPath="$.l", ToleratedFailureCount=1))
    ended = run(engine, definition, {"l": [0, 1, 2]})
    assert json.loads(ended["output"]) == [0, 2]
    states = engine.client("stepfunctions")
    [map_run] = states.list_map_runs(executionArn=ended["executionArn"])["mapRuns"]
    counts = states.describe_map_run(mapRunArn=map_run["mapRunArn"])["itemCounts"]
    assert (counts["total"], counts["succeeded"], counts["failed"]) == (3, 2, 1)
    failed = states.list_executions(mapRunArn=map_run["mapRunArn"], statusFilter="FAILED")["executions"]
    described = states.describe_execution(executionArn=failed[0]["executionArn"])
    assert (len(failed), described["error"], described["input"]) == (1, "Mine", "1")
    assert [event["type"] for event in history(engine, described["executionArn"])][-2:] == [
        "FailStateEntered",
        "ExecutionFailed",
    ]


def test_a_result_that_is_too_big_fails_the_state(engine: Engine) -> None:
    big = {"Type": "Pass", "Output": "{% $join($map([1..3000], function($n) { '0123456789' })) %}"}
    processor = machine(big)
    error = run(engine, jsonata(each(processor, Items="{% [1..10] %}")))["error"]
    assert error == "States.DataLimitExceeded"


def test_a_batch_of_items_too_big_for_one_child_is_cut(engine: Engine) -> None:
    batcher = {"MaxInputBytesPerBatch": 120, "BatchInput": {"run": "{% $states.context.Execution.Name %}"}}
    definition = jsonata(distributed(machine(passing()), Items="{% [1..30] %}", ItemBatcher=batcher))
    batches = output(engine, definition)
    assert [item for batch in batches for item in batch["Items"]] == list(range(1, 31))
    assert max(len(json.dumps(batch, separators=(",", ":"))) for batch in batches) <= 120
    assert len(batches[0]["BatchInput"]["run"]) == 36


def test_executions_come_in_pages_by_status_newest_first(engine: Engine) -> None:
    states = engine.client("stepfunctions")
    name = f"listed-{uuid.uuid4()}"
    succeeded = [start(engine, machine(passing()), name=name) for _ in range(3)]
    for execution in succeeded:
        engine.ended(execution)
    arn = states.describe_execution(executionArn=succeeded[0])["stateMachineArn"]
    pages = states.get_paginator("list_executions").paginate(
        stateMachineArn=arn, statusFilter="SUCCEEDED", PaginationConfig={"PageSize": 2}
    )
    assert [row["executionArn"] for page in pages for row in page["executions"]] == succeeded[::-1]
    assert states.list_executions(stateMachineArn=arn, statusFilter="FAILED")["executions"] == []


def test_a_history_comes_in_pages_and_backwards(engine: Engine) -> None:
    ended = run(engine, machine(passing(), passing()))
    options = {"PaginationConfig": {"PageSize": 2}}
    events = history(engine, ended["executionArn"], **options)
    assert [event["type"] for event in events] == [
        "ExecutionStarted",
        "PassStateEntered",
        "PassStateExited",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]
    assert history(engine, ended["executionArn"], reverseOrder=True, **options) == events[::-1]


def test_a_machine_of_the_same_name_is_not_replaced(engine: Engine) -> None:
    states = engine.client("stepfunctions")
    name = f"same-{uuid.uuid4()}"
    fields = {"name": name, "definition": json.dumps(machine(passing())), "roleArn": role("step-functions")}
    made = states.create_state_machine(**fields, tags=[{"key": "owner", "value": "me"}])
    arn = made["stateMachineArn"]
    assert states.create_state_machine(**{**fields, "roleArn": role("other")})["stateMachineArn"] == arn
    with pytest.raises(ClientError, match="StateMachineAlreadyExists"):
        states.create_state_machine(**{**fields, "definition": json.dumps(failing("E"))})
    assert states.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "owner", "value": "me"}]
    states.update_state_machine(stateMachineArn=arn, definition=json.dumps(failing("E")))
    assert json.loads(states.describe_state_machine(stateMachineArn=arn)["definition"]) == failing("E")


def test_the_executions_of_a_deleted_machine_go_on(engine: Engine) -> None:
    execution = start(engine, machine({"Type": "Wait", "Seconds": 1}))
    states = engine.client("stepfunctions")
    arn = states.describe_execution(executionArn=execution)["stateMachineArn"]
    states.delete_state_machine(stateMachineArn=arn)
    assert engine.ended(execution)["status"] == "SUCCEEDED"
    with pytest.raises(ClientError, match="StateMachineDoesNotExist"):
        states.describe_state_machine(stateMachineArn=arn)


def test_definitions_are_validated(engine: Engine) -> None:
    validate = engine.client("stepfunctions").validate_state_machine_definition
    assert validate(definition=json.dumps(machine(passing())))["result"] == "OK"
    wrong = validate(definition=json.dumps({"StartAt": "A", "States": {"A": {"Type": "Nothing"}}}))
    assert (wrong["result"], wrong["diagnostics"][0]["severity"]) == ("FAIL", "ERROR")
    with pytest.raises(ClientError, match="InvalidDefinition"):
        start(engine, machine(passing(Comment="x" * 1024 * 1024)))


@pytest.mark.parametrize("name", ["a b", "x" * 81, "a/b"])
def test_a_wrong_name_of_an_execution_is_refused(engine: Engine, name: str) -> None:
    states = engine.client("stepfunctions")
    made = states.create_state_machine(
        name=f"named-{uuid.uuid4()}", definition=json.dumps(machine(passing())), roleArn=role("x")
    )
    with pytest.raises(ClientError, match="InvalidName"):
        states.start_execution(stateMachineArn=made["stateMachineArn"], name=name)


def test_the_log_of_a_failed_job_is_found_by_the_cause(engine: Engine) -> None:
    ended = run(engine, machine(job_state("echo first; echo last >&2; exit 3")))
    cause = json.loads(ended["cause"])
    assert cause["Attempts"][0]["Container"]["ExitCode"] == 3
    [job] = engine.client("batch").describe_jobs(jobs=[cause["JobId"]])["jobs"]
    assert (log_of(engine, job), job["jobDefinition"]) == (["first", "last"], TRIVIAL)
