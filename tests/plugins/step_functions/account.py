"""What is in the engine's account, to see that a refusal has changed nothing."""

from __future__ import annotations

from typing import Any

from integration.harness.sfn.engine import Engine
from integration.harness.sfn.names import ACCOUNT, BUCKET, REGION


def machine_arn(name: str) -> str:
    return f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{name}"


def contents(engine: Engine) -> dict[str, Any]:
    """Everything that commands create, change or start."""
    states, batch = engine.client("stepfunctions"), engine.client("batch")
    machines = [machine["stateMachineArn"] for machine in states.list_state_machines()["stateMachines"]]
    objects = engine.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])
    jobs = batch.describe_job_definitions(status="ACTIVE")["jobDefinitions"]
    return {
        "machines": {arn: _machine(states, arn) for arn in machines},
        "runs": {arn: _runs(states, arn) for arn in machines},
        "job definitions": sorted(job["jobDefinitionArn"] for job in jobs),
        "schedules": engine.client("scheduler").list_schedules()["Schedules"],
        "objects": sorted(item["Key"] for item in objects),
    }


def _machine(states: Any, arn: str) -> tuple[Any, ...]:
    described = states.describe_state_machine(stateMachineArn=arn)
    tags = states.list_tags_for_resource(resourceArn=arn)["tags"]
    return described["definition"], described["roleArn"], sorted(tag.items() for tag in tags)


def _runs(states: Any, arn: str) -> list[tuple[str, str]]:
    found = states.list_executions(stateMachineArn=arn)["executions"]
    return sorted((run["name"], run["status"]) for run in found)
