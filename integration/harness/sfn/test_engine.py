"""What tests can do to the engine: schedules that come due, planned faults, stubs, lost hosts."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from integration.harness.process import wait_until
from integration.harness.sfn.batch.stubs import StubbedJob
from integration.harness.sfn.cron import is_cron
from integration.harness.sfn.engine import Engine, EngineRefused
from integration.harness.sfn.features import distributed, jsonata, passing
from integration.harness.sfn.names import BUCKET, EC2_QUEUE, FARGATE_QUEUE, role
from integration.harness.sfn.sample import (
    JSON,
    SIZE,
    TRIVIAL,
    ended_job,
    job_state,
    job_when,
    log_of,
    machine,
    output,
    run,
    start,
    submit,
)
from integration.harness.sfn.stores import put_object

pytestmark = pytest.mark.sfn


# --- schedules


def schedule(engine: Engine, name: str, machine_arn: str, **fields: Any) -> JSON:
    target = {
        "Arn": machine_arn,
        "RoleArn": role("events"),
        "Input": '{"at": "<aws.scheduler.scheduled-time>", "x": 1}',
    }
    return {
        "Name": name,
        "ScheduleExpression": "cron(0 10 ? * MON-FRI *)",
        "ScheduleExpressionTimezone": "America/Los_Angeles",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": target,
        **fields,
    }


@pytest.fixture
def machine_arn(engine: Engine) -> str:
    execution = start(engine, machine(passing()))
    described = engine.client("stepfunctions").describe_execution(executionArn=execution)
    return str(described["stateMachineArn"])


def test_a_schedule_that_is_fired_starts_its_target(engine: Engine, machine_arn: str) -> None:
    scheduler = engine.client("scheduler")
    scheduler.create_schedule(**schedule(engine, "daily", machine_arn))
    kept = scheduler.get_schedule(Name="daily")
    assert kept["ScheduleExpressionTimezone"] == "America/Los_Angeles"
    ended = engine.ended(engine.fire("daily"))
    value = json.loads(ended["input"])
    assert (ended["stateMachineArn"], value["x"], value["at"][-1]) == (machine_arn, 1, "Z")
    scheduler.update_schedule(**schedule(engine, "daily", machine_arn, State="DISABLED"))
    with pytest.raises(EngineRefused, match="daily is DISABLED"):
        engine.fire("daily")
    scheduler.delete_schedule(Name="daily")
    with pytest.raises(EngineRefused, match="there is no schedule daily"):
        engine.fire("daily")


@pytest.mark.parametrize(
    "wrong",
    [
        {"ScheduleExpression": "cron(0 10 * * MON *)"},
        {"ScheduleExpression": "0 10 * * *"},
        {"ScheduleExpressionTimezone": "Mars/Olympus"},
    ],
)
def test_a_wrong_schedule_is_refused(engine: Engine, machine_arn: str, wrong: JSON) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        engine.client("scheduler").create_schedule(**schedule(engine, "wrong", machine_arn, **wrong))


@pytest.mark.parametrize(
    ("expression", "fine"),
    [
        ("cron(0/5 8-17 ? * MON,WED 2027-2030)", True),
        ("cron(0 0 L JAN,6 ? *)", True),
        ("cron(0 0 1W * ? *)", True),
        ("cron(60 0 1 * ? *)", False),
        ("cron(0 0 ? * ? *)", False),
        ("cron(0 0 1 * 1 *)", False),
        ("cron(0 0 1 * ?)", False),
        ("cron(0/0 0 1 * ? *)", False),
    ],
)
def test_cron_expressions_of_the_scheduler_are_told_from_others(expression: str, fine: bool) -> None:
    assert is_cron(expression) is fine


# --- faults


def impatient(engine: Engine, service: str) -> Any:
    """A client that does not try again."""
    env = engine.env
    return boto3.client(
        service,
        endpoint_url=engine.url,
        region_name="us-east-1",
        aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.mark.parametrize(
    ("service", "action", "code", "method", "request_"),
    [
        ("stepfunctions", "ListStateMachines", "ThrottlingException", "list_state_machines", {}),
        ("stepfunctions", "*", "ExpiredTokenException", "list_activities", {}),
        ("batch", "DescribeJobDefinitions", "AccessDeniedException", "describe_job_definitions", {}),
        ("batch", "DescribeJobQueues", "TooManyRequestsException", "describe_job_queues", {}),
        ("scheduler", "GetScheduleGroup", "ThrottlingException", "get_schedule_group", {"Name": "default"}),
        ("s3", "ListObjectsV2", "ExpiredToken", "list_objects_v2", {"Bucket": BUCKET}),
        ("*", "*", "ExpiredToken", "list_roles", {}),
    ],
)
def test_a_planned_fault_is_what_a_client_gets(
    engine: Engine, service: str, action: str, code: str, method: str, request_: JSON
) -> None:
    call = getattr(impatient(engine, "iam" if service == "*" else service), method)
    engine.fail_next(service, action, code, times=2)
    for _ in range(2):
        with pytest.raises(ClientError) as raised:
            call(**request_)
        assert raised.value.response["Error"]["Code"] == code
    call(**request_)


def test_a_fault_of_one_action_spares_the_others(engine: Engine) -> None:
    engine.fail_next("scheduler", "DeleteSchedule", "ThrottlingException")
    client = impatient(engine, "scheduler")
    client.list_schedules()
    with pytest.raises(ClientError, match="ThrottlingException"):
        client.delete_schedule(Name="none")


def test_a_throttled_submission_is_retried_by_its_rule(engine: Engine) -> None:
    rule = {
        "ErrorEquals": ["Batch.AWSBatchException"],
        "IntervalSeconds": 1,
        "MaxAttempts": 2,
        "BackoffRate": 1,
    }
    engine.fail_next("batch", "SubmitJob", "TooManyRequestsException", times=2)
    assert output(engine, machine({**job_state("true"), "Retry": [rule]}))["Status"] == "SUCCEEDED"


def test_a_wrong_submission_has_the_name_of_its_error(engine: Engine) -> None:
    long = [{"Name": "LONG", "Value": "x" * 9000}]
    state = job_state("", ContainerOverrides={"Environment": long})
    ended = run(engine, machine(state))
    assert ended["error"] == "Batch.ClientException"
    assert "Container Overrides length must be at most 8192" in ended["cause"]
    assert run(engine, machine(job_state("", Nonsense=1)))["error"] == "Batch.ClientException"


# --- stubs


def leave_mark(job: StubbedJob) -> int:
    put_object(BUCKET, f"marks/{job.environment['INDEX']}", job.name.encode())
    return 0 if job.environment["INDEX"] != "3" else 7


def test_a_function_stands_in_for_jobs(engine: Engine) -> None:
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::batch:submitJob.sync",
        "Arguments": {
            "JobDefinition": TRIVIAL,
            "JobName": "stubbed-body",
            "JobQueue": EC2_QUEUE,
            "ContainerOverrides": {
                "Environment": [{"Name": "INDEX", "Value": "{% $string($states.input) %}"}]
            },
        },
        "Output": "{% $states.input %}",
    }
    engine.stub("stubbed-*", f"{__name__}:leave_mark")
    definition = jsonata(distributed(machine(state), Items="{% [0..299] %}", ToleratedFailureCount=1))
    assert output(engine, definition) == [n for n in range(300) if n != 3]
    s3 = engine.client("s3")
    assert s3.list_objects_v2(Bucket=BUCKET, Prefix="marks/")["KeyCount"] == 300
    engine.unstub("stubbed-*")
    assert s3.get_object(Bucket=BUCKET, Key="marks/7")["Body"].read() == b"stubbed-body"


def test_a_stub_that_is_not_there_is_refused(engine: Engine) -> None:
    with pytest.raises(EngineRefused, match="no attribute 'nothing'"):
        engine.stub("x", f"{__name__}:nothing")


# --- jobs by the API


def test_a_job_has_its_log_its_secret_and_the_ecs_agent(engine: Engine) -> None:
    secret = engine.client("secretsmanager").create_secret(
        Name="headers", SecretString='{"key": "abc", "other": 1}'
    )
    definition = {
        "image": "none",
        "resourceRequirements": SIZE,
        "secrets": [
            {"name": "WHOLE", "valueFrom": secret["ARN"]},
            {"name": "KEY", "valueFrom": f"{secret['ARN']}:key::"},
        ],
    }
    engine.client("batch").register_job_definition(
        jobDefinitionName="secretive", type="container", containerProperties=definition
    )
    python = "import os, requests; print(requests.get(os.environ['ECS_CONTAINER_METADATA_URI_V4']).json())"
    command = ["bash", "-c", f'echo "$WHOLE $KEY"; python -c "{python}"']
    job = ended_job(engine, submit(engine, command, jobDefinition="secretive"))
    first, second = log_of(engine, job)
    assert first == '{"key": "abc", "other": 1} abc'
    assert job["container"]["logStreamName"] in second


def test_a_spot_host_is_reclaimed(engine: Engine) -> None:
    rules = [{"onStatusReason": "Host EC2*", "action": "RETRY"}]
    script = '[ "$AWS_BATCH_JOB_ATTEMPT" = 2 ] || sleep 60'
    job_id = submit(engine, script, retryStrategy={"attempts": 2, "evaluateOnExit": rules})
    job_when(engine, job_id, {"RUNNING"})
    engine.lose_host(job_id)
    job = ended_job(engine, job_id)
    assert [attempt["statusReason"][:8] for attempt in job["attempts"]] == ["Host EC2", "Essentia"]
    assert job["status"] == "SUCCEEDED"


def test_a_queue_says_whether_it_is_fargate(engine: Engine) -> None:
    batch = engine.client("batch")
    kinds = {}
    for row in batch.describe_job_queues(jobQueues=[EC2_QUEUE, FARGATE_QUEUE])["jobQueues"]:
        first = row["computeEnvironmentOrder"][0]["computeEnvironment"]
        [environment] = batch.describe_compute_environments(computeEnvironments=[first])[
            "computeEnvironments"
        ]
        kinds[row["jobQueueName"]] = environment["computeResources"]["type"]
    assert kinds == {EC2_QUEUE: "EC2", FARGATE_QUEUE: "FARGATE"}
    with pytest.raises(ClientError, match="Job queue none does not exist"):
        submit(engine, "true", jobQueue="none")


# --- its end


def test_what_it_started_ends_with_it(tmp_path: Path) -> None:
    with Engine(tmp_path) as engine:
        batch = engine.client("batch")
        batch.register_job_definition(
            jobDefinitionName="trivial",
            type="container",
            containerProperties={"image": "none", "resourceRequirements": SIZE},
        )
        job_id = submit(engine, f"echo $$ > {tmp_path}/pid; trap '' TERM; sleep 300")
        job_when(engine, job_id, {"RUNNING"})
        pid = tmp_path / "pid"
        wait_until(lambda: pid.exists() and pid.read_text().strip() != "", 20, "the job's pid")
        process = psutil.Process(int(pid.read_text()))
        assert process.is_running()
    wait_until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE, 5, "its end")
    assert os.path.exists(tmp_path / "engine.log")
