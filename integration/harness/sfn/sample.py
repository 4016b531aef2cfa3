"""Small machines and jobs for the tests of the engine."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any

from integration.harness.process import wait_until
from integration.harness.sfn.engine import Engine
from integration.harness.sfn.names import ACCOUNT, EC2_QUEUE, REGION, role

JSON = dict[str, Any]

TRIVIAL = f"arn:aws:batch:{REGION}:{ACCOUNT}:job-definition/trivial:1"
SIZE = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "100"}]


def register_trivial(engine: Engine) -> None:
    """Register TRIVIAL, a definition whose command is `true`."""
    engine.client("batch").register_job_definition(
        jobDefinitionName="trivial",
        type="container",
        containerProperties={"image": "none", "command": ["true"], "resourceRequirements": SIZE},
    )


def machine(state: JSON, *more: JSON, **fields: Any) -> JSON:
    """A machine of states in a row, called A, B, C …"""
    states = [state, *more]
    names = "ABCDEFGH"[: len(states)]
    ways = [{"Next": name} for name in names[1:]] + [{"End": True}]
    return {
        "StartAt": "A",
        "States": {name: {**state, **way} for name, state, way in zip(names, states, ways, strict=True)},
        **fields,
    }


def job_state(script: str, **arguments: Any) -> JSON:
    """A state that runs a bash script as a job; arguments are those of SubmitJob."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::batch:submitJob.sync",
        "Parameters": {
            "JobDefinition": TRIVIAL,
            "JobName": "sample",
            "JobQueue": EC2_QUEUE,
            "ContainerOverrides": {"Command": ["bash", "-c", script]},
            **arguments,
        },
    }


def start(engine: Engine, definition: JSON, value: Any = None, name: str | None = None) -> str:
    """Create a machine and start it; returns the execution's ARN."""
    states = engine.client("stepfunctions")
    made = states.create_state_machine(
        name=name or f"sample-{uuid.uuid4()}",
        definition=json.dumps(definition),
        roleArn=role("step-functions"),
    )
    text = json.dumps({} if value is None else value)
    started = states.start_execution(stateMachineArn=made["stateMachineArn"], input=text)
    return str(started["executionArn"])


def run(engine: Engine, definition: JSON, value: Any = None, seconds: float = 60) -> JSON:
    """The description of an execution of a new machine, ended."""
    return engine.ended(start(engine, definition, value), seconds)


def output(engine: Engine, definition: JSON, value: Any = None, seconds: float = 60) -> Any:
    """The output of such an execution, which must succeed."""
    ended = run(engine, definition, value, seconds)
    assert ended["status"] == "SUCCEEDED", ended
    return json.loads(ended["output"])


def submit(engine: Engine, script: str | Sequence[str], **request: Any) -> str:
    """Submit a job by a bash script, or by a whole command; returns its id."""
    command = ["bash", "-c", script] if isinstance(script, str) else list(script)
    overrides = {"command": command, **request.pop("containerOverrides", {})}
    defaults = {"jobName": "sample", "jobQueue": EC2_QUEUE, "jobDefinition": TRIVIAL}
    submitted = engine.client("batch").submit_job(**{**defaults, **request}, containerOverrides=overrides)
    return str(submitted["jobId"])


def ended_job(engine: Engine, job_id: str, seconds: float = 60) -> JSON:
    """The description of a job that has ended."""
    return job_when(engine, job_id, {"SUCCEEDED", "FAILED"}, seconds)


def job_when(engine: Engine, job_id: str, statuses: set[str], seconds: float = 60) -> JSON:
    """The description of a job as soon as it has one of the statuses."""
    batch = engine.client("batch")
    seen: JSON = {}

    def look() -> bool:
        [job] = batch.describe_jobs(jobs=[job_id])["jobs"]
        seen.clear()
        seen.update(job)
        return job["status"] in statuses

    wait_until(look, seconds, f"job {job_id} is one of {sorted(statuses)}")
    return seen


def log_of(engine: Engine, job: JSON) -> list[str]:
    """The lines that the last attempt of a described job printed."""
    stream = job["container"]["logStreamName"]
    events = engine.client("logs").get_log_events(
        logGroupName="/aws/batch/job", logStreamName=stream, startFromHead=True
    )
    return [event["message"] for event in events["events"]]
