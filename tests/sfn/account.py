"""An AWS account in this process, flows to deploy there, and faults."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSResponse
from moto import mock_aws
from moto.core.models import botocore_stubber

from metaflow_provider.plan import FlowPlan, Step
from metaflow_provider.plan.model import Compute, Runtime
from sfn import Account, Aws, Settings, StepFunctions
from tests.metaflow_provider import plans

NUMBER = "123456789012"
ACCOUNT = Account(
    role=f"arn:aws:iam::{NUMBER}:role/step-functions",
    schedule_role=f"arn:aws:iam::{NUMBER}:role/events",
    log_group=f"arn:aws:logs:eu-west-1:{NUMBER}:log-group:/runs:*",
)
QUEUE = "on-hosts"


@contextmanager
def aws_account() -> Iterator[Aws]:
    """An account with a job queue."""
    with mock_aws():
        aws = Aws(ACCOUNT)
        make_queue(aws, QUEUE, type="UNMANAGED")
        yield aws


def make_queue(aws: Aws, name: str, **environment: Any) -> None:
    """A job queue with a compute environment of its own."""
    role = aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    batch = aws.client("batch")
    made = batch.create_compute_environment(
        computeEnvironmentName=name, state="ENABLED", serviceRole=role, **environment
    )
    order = [{"order": 1, "computeEnvironment": made["computeEnvironmentArn"]}]
    batch.create_job_queue(jobQueueName=name, state="ENABLED", priority=1, computeEnvironmentOrder=order)


def step(name: str, *children: str, **fields: Any) -> Step:
    """A step with what `@batch` says when it is told nothing."""
    attributes = {"image": "python:3.11", "iam_role": "jobs", "cpu": 1, "memory": 4096}
    return plans.step(name, *children, compute=Compute("batch", attributes), **fields)


def plan(end: dict[str, Any] | None = None, **fields: Any) -> FlowPlan:
    """A flow of two steps; `end` are fields of the second."""
    known: dict[str, Any] = {
        "owner": "ada",
        "production_token": "train-0-abcd",
        "version": "1.0",
        "runtime": Runtime("s3", "s3://bucket/metaflow", "service", "local"),
    }
    return plans.plan(step("start", "end"), step("end", **(end or {})), **{**known, **fields})


def flow(aws: Aws, flow_plan: FlowPlan | None = None, **options: Any) -> StepFunctions:
    """A flow, to be deployed in the account."""
    return StepFunctions(flow_plan or plan(), Settings(queue=QUEUE), aws=aws, **options)


def fail(
    aws: Aws,
    service: str,
    action: str,
    code: str,
    message: str = "planned",
    times: int = 1,
    status: int = 400,
) -> None:
    """Let AWS answer the next calls of an action with an error."""
    left = [times]
    events = aws.client(service).meta.events
    events.unregister("before-send", botocore_stubber)

    def answer(event_name: str, request: Any, **rest: Any) -> AWSResponse | None:
        if event_name.endswith(f".{action}") and left[0]:
            left[0] -= 1
            body = json.dumps({"__type": code, "message": message}).encode()
            return AWSResponse(request.url, status, {"x-amzn-errortype": code}, _Body(body))
        return botocore_stubber(event_name, request, **rest)

    events.register("before-send", answer)


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._content


@contextmanager
def calls(aws: Aws) -> Iterator[list[str]]:
    """The actions that are asked of AWS meanwhile."""
    made: list[str] = []
    services = ("stepfunctions", "batch", "scheduler", "events", "logs")

    def record(model: Any, **_: Any) -> None:
        made.append(model.name)

    for service in services:
        aws.client(service).meta.events.register("before-call.*.*", record)
    yield made
    for service in services:
        aws.client(service).meta.events.unregister("before-call.*.*", record)


def reads_alone(made: list[str]) -> bool:
    return all(action.startswith(("Describe", "List", "Get")) for action in made)
