"""Executions: started, stopped, described, listed, and their history page by page."""

from __future__ import annotations

import datetime
import json
import re
import uuid
from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.exceptions import InvalidExecutionInput, InvalidName
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from integration.harness.sfn.interpreter.map_runs import ChildExecution, child, children_of, records
from integration.harness.sfn.interpreter.replacing import replaces

MAX_INPUT = 256 * 1024
NOT_IN_NAMES = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]")
PAGE = 1000

_start: Any = StepFunctionsParserBackend.start_execution
_describe = StepFunctionResponse.describe_execution
_list = StepFunctionResponse.list_executions
_history = StepFunctionResponse.get_execution_history


@replaces(StepFunctionsParserBackend)
def start_execution(
    self: Any,
    state_machine_arn: str,
    name: str | None = None,
    execution_input: str | None = None,
    trace_header: Any = None,
) -> Any:
    """Gap: an execution without a name is called None; no rules for names and for the size of inputs."""
    name = name or str(uuid.uuid4())
    if len(name) > 80 or NOT_IN_NAMES.search(name):
        raise InvalidName(f"Invalid Name: '{name}'")
    if execution_input and len(execution_input.encode()) > MAX_INPUT:
        raise InvalidExecutionInput(f"Input is longer than {MAX_INPUT} bytes")
    return _start(self, state_machine_arn, name, execution_input, trace_header)


@replaces(StepFunctionResponse)
def stop_execution(self: Any) -> Any:
    """Gap: error and cause are not kept."""
    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    now = datetime.datetime.now(datetime.timezone.utc)
    if execution.status == "RUNNING":
        execution.error, execution.cause = self._get_param("error"), self._get_param("cause")
        execution.stop(stop_date=now, error=execution.error, cause=execution.cause)
    return ActionResult({"stopDate": execution.stop_date or now})


@replaces(StepFunctionResponse)
def describe_execution(self: Any) -> Any:
    """Gap: no children of Map runs; an output that is a string is not JSON; no end of a timed-out one."""
    arn = self._get_param("executionArn")
    run = child(arn)
    if run is not None:
        return ActionResult(_of_child(run, details=True))
    answer: Any = _describe(self)
    execution = self.stepfunction_backend.describe_execution(arn)
    if execution.status == "SUCCEEDED":
        answer._result["output"] = to_json_str(execution.output, separators=(",", ":"))
    if execution.status == "TIMED_OUT":
        answer._result["stopDate"] = execution.stop_date
    return answer


@replaces(StepFunctionResponse)
def list_executions(self: Any) -> Any:
    """Gap: no children of Map runs, no end of a timed-out execution."""
    map_run = self._get_param("mapRunArn")
    if map_run is None:
        answer: Any = _list(self)
        for row in answer._result["executions"]:
            execution = self.stepfunction_backend.describe_execution(row["executionArn"])
            if execution.stop_date is not None:
                row["stopDate"] = execution.stop_date
        return answer
    status = self._get_param("statusFilter")
    begun = [run for run in children_of.get(map_run, []) if run.status != "PENDING"]
    rows = [_of_child(run) for run in begun if status in (None, run.status)]
    return ActionResult(_page(self, "executions", rows))


def _of_child(run: ChildExecution, details: bool = False) -> dict[str, Any]:
    row = {
        "executionArn": run.arn,
        "name": run.name,
        "mapRunArn": run.map_run_arn,
        "startDate": run.start_date,
        "stopDate": run.stop_date,
        "stateMachineArn": run.arn.replace(":execution:", ":stateMachine:").rsplit(":", 1)[0],
        "status": run.status,
    }
    if details:
        row |= {"input": json.dumps(run.input), "error": run.error, "cause": run.cause}
    if details and run.status == "SUCCEEDED":
        row["output"] = json.dumps(run.output)
    return {name: value for name, value in row.items() if value is not None}


@replaces(StepFunctionResponse)
def list_map_runs(self: Any) -> Any:
    """Gap: the Map runs of children are listed as those of their parent; no pages."""
    execution = self._get_param("executionArn")
    rows = [record.list_item() for record in records if record.execution_arn == execution]
    return ActionResult(_page(self, "mapRuns", rows))


@replaces(StepFunctionResponse)
def get_execution_history(self: Any) -> Any:
    """Gap: no pages, no reverse order, no children of Map runs."""
    run = child(self._get_param("executionArn"))
    whole: Any = None if run is not None else _history(self)
    events = list(run.events) if run is not None else whole._result["events"]
    if self._get_param("reverseOrder"):
        events.reverse()
    return ActionResult(_page(self, "events", events))


def _page(response: Any, name: str, rows: list[Any]) -> dict[str, Any]:
    first = int(response._get_param("nextToken") or 0)
    last = first + min(int(response._get_param("maxResults") or PAGE), PAGE)
    token = {"nextToken": str(last)} if last < len(rows) else {}
    return {name: rows[first:last], **token}
