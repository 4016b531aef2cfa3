"""What is to be in AWS when a flow has been deployed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from metaflow_provider.plan import FlowPlan, Refusal

from ..account import Account
from ..asl import StateMachine
from ..aws import Machine, Schedule
from ..schedule import schedule_of
from ..translation.jobs import JobDefinition
from ..translation.machine import Translation
from .tags import tags_of

_TYPE = "STANDARD"


@dataclass(frozen=True)
class Wanted:
    """The objects of a deployment.

    Attributes:
        machine: as AWS will describe it.
        definition: the same machine's, as objects.
        schedule: `None` when it is started by hand only.
    """

    machine: Machine
    definition: StateMachine
    job_definitions: tuple[JobDefinition, ...]
    schedule: Schedule | None


def wanted(
    plan: FlowPlan, translation: Translation, account: Account, arn: str, *, log_history: bool
) -> Wanted:
    """The objects that a plan, and what it was translated to, ask for.

    Args:
        plan: the flow.
        translation: its machine, edited or not, and the job definitions.
        account: roles and log group.
        arn: of the state machine.
        log_history: whether the history of runs goes to the account's log group.

    Raises:
        Refusal: a role or the log group is missing, or AWS cannot express the schedule.
    """
    return Wanted(
        machine=Machine(
            arn=arn,
            name=plan.name,
            definition=translation.machine.to_json(),
            role=account.role,
            logging=_logging(account.log_group, log_history),
            type=_TYPE,
            tags=tags_of(plan),
        ),
        definition=translation.machine,
        job_definitions=tuple(translation.job_definitions.values()),
        schedule=schedule_of(plan, arn, account),
    )


def creation(plan: FlowPlan, role: str, log_group: str, *, log_history: bool) -> dict[str, Any]:
    """The request that creates a plan's state machine, without its definition.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html

    Args:
        plan: the flow.
        role: ARN of the role that the machine runs as; empty when it is not known.
        log_group: ARN of the log group for the history of runs.
        log_history: whether the history goes there.

    Raises:
        Refusal: the log group is missing.
    """
    return {
        "name": plan.name,
        "type": _TYPE,
        **({"roleArn": role} if role else {}),
        "loggingConfiguration": _logging(log_group, log_history),
        "tags": [{"key": key, "value": value} for key, value in tags_of(plan).items()],
    }


def _logging(log_group: str, log_history: bool) -> Mapping[str, Any]:
    if not log_history:
        return {"level": "OFF"}
    if not log_group:
        raise Refusal(
            "No AWS CloudWatch Logs log group ARN found for the execution logs of your workflow",
            remedy="set METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN",
        )
    group = {"cloudWatchLogsLogGroup": {"logGroupArn": log_group}}
    return {"level": "ALL", "includeExecutionData": True, "destinations": [group]}
