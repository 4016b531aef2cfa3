"""Step Functions: state machines, their executions, and what happened in them.

https://docs.aws.amazon.com/step-functions/latest/apireference/Welcome.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .service import Service

# A machine that is being deleted can be described, and nothing else.
_DELETING = "DELETING"
_NO_MACHINE = ("StateMachineDoesNotExist",)
_NO_EXECUTION = ("ExecutionDoesNotExist",)


@dataclass(frozen=True)
class Machine:
    """A state machine.

    Attributes:
        definition: Amazon States Language, as text.
        role: ARN of the role it runs as.
        logging: its `loggingConfiguration`.
        type: `STANDARD` or `EXPRESS`.
    """

    arn: str
    name: str
    definition: str
    role: str
    logging: Mapping[str, Any]
    type: str
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Execution:
    """An execution of a state machine.

    Attributes:
        status: as AWS writes it.
        stopped: `None` while it runs.
        error: name of the error it failed with; empty for those of a list, like `cause` and `input`.
    """

    arn: str
    name: str
    status: str
    started: datetime
    stopped: datetime | None = None
    error: str = ""
    cause: str = ""
    input: str = ""


class States(Service):
    """What is asked of Step Functions.

    Example:
        >>> aws.states.machine(aws.machine_arn("Train")).role
        'arn:aws:iam::123456789012:role/step-functions'
    """

    service = "stepfunctions"
    prefix = "states"

    def machine(self, arn: str) -> Machine | None:
        """A state machine with its tags; `None` when there is none, or when it is being deleted."""
        found = self._find("DescribeStateMachine", arn, _NO_MACHINE, stateMachineArn=arn)
        if found is None or found["status"] == _DELETING:
            return None
        return Machine(
            arn=arn,
            name=found["name"],
            definition=found["definition"],
            role=found["roleArn"],
            logging=found.get("loggingConfiguration") or {},
            type=found["type"],
            tags=self.tags(arn),
        )

    def machines(self) -> Iterator[str]:
        """ARNs of all state machines of account and region."""
        for row in self._pages("ListStateMachines", "all state machines", "stateMachines"):
            yield row["stateMachineArn"]

    def tags(self, arn: str) -> dict[str, str]:
        """Tags of a state machine."""
        answer = self._call("ListTagsForResource", arn, resourceArn=arn)
        return {tag["key"]: tag.get("value", "") for tag in answer["tags"]}

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Set these tags, and leave others as they are."""
        if tags:
            self._call("TagResource", arn, resourceArn=arn, tags=_tag_list(tags))

    def untag(self, arn: str, keys: Collection[str]) -> None:
        """Take these tags away."""
        if keys:
            self._call("UntagResource", arn, resourceArn=arn, tagKeys=list(keys))

    def create(self, machine: Machine) -> None:
        """Make a state machine.

        Making one that is there already does nothing if definition and logging are the same, whatever its
        role and tags are, and fails otherwise: look first.
        """
        self._call(
            "CreateStateMachine",
            machine.arn,
            name=machine.name,
            definition=machine.definition,
            roleArn=machine.role,
            type=machine.type,
            loggingConfiguration=machine.logging,
            tags=_tag_list(machine.tags),
        )

    def update(self, machine: Machine) -> None:
        """Give a state machine another definition, role and logging; its tags are left as they are."""
        self._call(
            "UpdateStateMachine",
            machine.arn,
            stateMachineArn=machine.arn,
            definition=machine.definition,
            roleArn=machine.role,
            loggingConfiguration=machine.logging,
        )

    def delete(self, arn: str) -> None:
        """Delete a state machine; AWS ends its executions at their next state. None there is no error."""
        self._call("DeleteStateMachine", arn, stateMachineArn=arn)

    def start(self, machine_arn: str, name: str, text: str) -> Execution:
        """Start an execution with JSON text as input. Its name makes this safe to repeat."""
        answer = self._call("StartExecution", machine_arn, stateMachineArn=machine_arn, name=name, input=text)
        return Execution(answer["executionArn"], name, "RUNNING", answer["startDate"], input=text)

    def stop(self, execution_arn: str, cause: str) -> None:
        """End an execution; of one that has ended nothing changes."""
        self._call("StopExecution", execution_arn, executionArn=execution_arn, cause=cause)

    def execution(self, arn: str) -> Execution | None:
        """An execution; `None` when there is none, or it is older than the 90 days that AWS keeps them."""
        found = self._find("DescribeExecution", arn, _NO_EXECUTION, executionArn=arn)
        return None if found is None else _execution(found)

    def executions(self, machine_arn: str, status: str = "") -> Iterator[Execution]:
        """Executions of a state machine, the latest first; of one status if it is given."""
        return self._executions(machine_arn, status, stateMachineArn=machine_arn)

    def children(self, map_run_arn: str, status: str = "") -> Iterator[Execution]:
        """Child executions of a run of a Distributed Map."""
        return self._executions(map_run_arn, status, mapRunArn=map_run_arn)

    def map_runs(self, execution_arn: str) -> Iterator[str]:
        """ARNs of the runs of Distributed Maps of an execution."""
        for row in self._pages("ListMapRuns", execution_arn, "mapRuns", executionArn=execution_arn):
            yield row["mapRunArn"]

    def history(self, execution_arn: str) -> Iterator[dict[str, Any]]:
        """Events of an execution, the latest first, in AWS's own form."""
        return self._pages(
            "GetExecutionHistory", execution_arn, "events", executionArn=execution_arn, reverseOrder=True
        )

    def _executions(self, resource: str, status: str, **of: str) -> Iterator[Execution]:
        filters = {"statusFilter": status} if status else {}
        for row in self._pages("ListExecutions", resource, "executions", **of, **filters):
            yield _execution(row)


def _execution(row: Mapping[str, Any]) -> Execution:
    return Execution(
        arn=row["executionArn"],
        name=row["name"],
        status=row["status"],
        started=row["startDate"],
        stopped=row.get("stopDate"),
        error=row.get("error", ""),
        cause=row.get("cause", ""),
        input=row.get("input", ""),
    )


def _tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]
