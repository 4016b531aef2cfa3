"""State machines: made, described, deleted, checked."""

from __future__ import annotations

from typing import Any

from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult
from moto.stepfunctions.exceptions import ExecutionDoesNotExist, StateMachineDoesNotExist
from moto.stepfunctions.models import StepFunctionBackend
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser, ASLParserException
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from integration.harness.sfn.interpreter.replacing import adds, replaces

MAX_DEFINITION = 1024 * 1024
LOGGING_OFF = {"level": "OFF"}

_create = StepFunctionsParserBackend.create_state_machine


class StateMachineAlreadyExists(AWSError):
    TYPE = "StateMachineAlreadyExists"
    STATUS = 400


class InvalidDefinition(AWSError):
    TYPE = "InvalidDefinition"
    STATUS = 400


@replaces(StepFunctionsParserBackend)
def create_state_machine(self: Any, name: str, definition: str, roleArn: str, **options: Any) -> Any:
    """Gap: creating a machine that exists keeps the old definition and says nothing."""
    arn = f"arn:{self.partition}:states:{self.region_name}:{self.account_id}:stateMachine:{name}"
    try:
        old = self.describe_state_machine(arn)
    except StateMachineDoesNotExist:
        return _create(self, name, definition, roleArn, **options)
    # The role and the tags are not compared by AWS either.
    wanted = definition, options.get("loggingConfiguration") or LOGGING_OFF
    if wanted != (old.definition, old.loggingConfiguration or LOGGING_OFF):
        raise StateMachineAlreadyExists(f"State Machine Already Exists: '{arn}'")
    return old


@replaces(StepFunctionsParserBackend)
def _validate_definition(definition: str) -> None:
    """Gap: no limit of a definition's size; an error without a name, with all of the definition in it."""
    problem = problem_of(definition)
    if problem is not None:
        raise InvalidDefinition(f"Invalid State Machine Definition: '{problem}'")


def problem_of(definition: str) -> str | None:
    """Why moto's parser, or the size of it, refuses a definition."""
    if len(definition.encode()) > MAX_DEFINITION:
        return f"SCHEMA_VALIDATION_FAILED: definition is longer than {MAX_DEFINITION} bytes"
    try:
        AmazonStateLanguageParser.parse(definition)
    except ASLParserException as error:
        return f"SCHEMA_VALIDATION_FAILED: {error}"
    # moto's reader raises whatever its classes raise for a value that they do not take.
    except Exception as error:
        return f"SCHEMA_VALIDATION_FAILED: {type(error).__name__} {error}"[:1000]
    return None


@adds(StepFunctionResponse)
def validate_state_machine_definition(self: Any) -> Any:
    """Gap: moto has no ValidateStateMachineDefinition."""
    problem = problem_of(self._get_param("definition"))
    diagnostics = [
        {"severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED", "message": problem, "location": "/"}
    ]
    result = "OK" if problem is None else "FAIL"
    return ActionResult({"result": result, "diagnostics": diagnostics if problem else [], "truncated": False})


@replaces(StepFunctionBackend)
def delete_state_machine(self: Any, arn: str) -> None:
    """Gap: the executions of a deleted machine are gone with it; in AWS they go on, and are kept."""
    self._validate_machine_arn(arn)
    deleted = [machine for machine in self.state_machines if machine.arn == arn]
    self.state_machines = [machine for machine in self.state_machines if machine.arn != arn]
    self.deleted_machines = [*deleted, *getattr(self, "deleted_machines", [])]


@replaces(StepFunctionBackend)
def _get_state_machine_for_execution(self: Any, execution_arn: str) -> Any:
    """Gap: as above."""
    for machine in [*self.state_machines, *getattr(self, "deleted_machines", [])]:
        if any(execution.execution_arn == execution_arn for execution in machine.executions):
            return machine
    raise ExecutionDoesNotExist(f"Execution Does Not Exist: '{execution_arn}'")
