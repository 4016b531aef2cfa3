"""Distributed Maps: each item, or batch of items, is an execution of its own.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

from __future__ import annotations

import copy
import datetime
import json
import uuid
from dataclasses import dataclass
from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType, MapRunStatus
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import (
    distributed_iteration_component,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext, EventManager
from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded, ProgramError
from moto.stepfunctions.parser.asl.eval.states import ItemData, MapData
from moto.stepfunctions.parser.asl.eval.variable_store import VariableStore
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.quotas import is_within_size_quota

from integration.harness.sfn.interpreter.failures import failure
from integration.harness.sfn.interpreter.history import record_for
from integration.harness.sfn.interpreter.item_batches import batches
from integration.harness.sfn.interpreter.iterations import Frames, Turns, at_once
from integration.harness.sfn.interpreter.programs import Unwound
from integration.harness.sfn.interpreter.replacing import replaces

DistributedIterationComponent = distributed_iteration_component.DistributedIterationComponent

MAP_RUN = "the Map run of this state"

# AWS runs 10,000 at once; here a job waits for its turn anyway.
DISTRIBUTED_AT_ONCE = 100


@dataclass
class ChildExecution:
    """One of the executions of a Map run; the events of those that succeeded are not kept."""

    arn: str
    name: str
    map_run_arn: str
    input: Any
    start_date: datetime.datetime
    items: int
    status: str = "PENDING"
    stop_date: datetime.datetime | None = None
    output: Any = None
    error: str | None = None
    cause: str | None = None
    events: Any = ()


# moto's records of all Map runs, and the children of each, in the order of its items.
records: list[Any] = []
children_of: dict[str, list[ChildExecution]] = {}


def child(arn: str) -> ChildExecution | None:
    """The child execution of an ARN, in which the name of the machine is followed by that of its Map run."""
    if "/" not in arn:
        return None
    return next((each for run in list(children_of.values()) for each in run if each.arn == arn), None)


@replaces(DistributedIterationComponent)
def _map_run(self: Any, env: Any, eval_input: Any) -> None:
    """Gap: children share the parent's variables, name and history; failures count for nothing."""
    record = eval_input.map_run_record
    records.append(record)
    env.heap[MAP_RUN] = record.map_run_arn
    inputs = batches(self, env, _inputs(self, env, eval_input, env.stack.pop()))
    run = children_of[record.map_run_arn] = [_new_child(env, record, value, items) for value, items in inputs]
    frames = Frames()

    def start(index: int) -> bool:
        _run(self, env, frames, run[index], record)
        if run[index].status == "FAILED" and _too_many_failures(record, run):
            frames.stop()
            return False
        return bool(env.is_running())

    Turns(len(run), at_once(record.max_concurrency, DISTRIBUTED_AT_ONCE), start)
    if not env.is_running():
        record.set_stop(MapRunStatus.ABORTED)
        raise Unwound
    if _too_many_failures(record, run):
        error = "States.ExceedToleratedFailureThreshold"
        raise failure(env, error, _summary(run), HistoryEventType.MapRunFailed)
    outputs = [each.output for each in run if each.status == "SUCCEEDED"]
    if not self.exports and not is_within_size_quota(outputs):
        cause = f"The state/task '{eval_input.state_name}' returned a result with a size exceeding the limit."
        raise failure(env, "States.DataLimitExceeded", cause, HistoryEventType.MapRunFailed)
    env.stack.append(outputs)


def _inputs(component: Any, env: Any, eval_input: Any, items: list[Any]) -> list[Any]:
    """What ItemSelector, with the parent's variables, makes of each item."""
    worker = component._create_worker(env=env, eval_input=eval_input, job_pool=None)
    inputs = []
    for index, item in enumerate(items):
        frame = env.open_inner_frame()
        frame.states.context_object.context_object_data["Map"] = MapData(
            Item=ItemData(Index=index, Value=item)
        )
        frame.states.reset(item)
        worker._eval_input(env_frame=frame)
        inputs.append(json.loads(to_json_str(frame.states.get_input())))  # a listing of S3 has times
        env.delete_frame(frame)
    return inputs


def _new_child(env: Any, record: Any, value: Any, items: int) -> ChildExecution:
    machine = record.map_state_machine_arn.split(":stateMachine:")[1]
    prefix = env.states.context_object.context_object_data["Execution"]["Id"].split(":execution:")[0]
    name = str(uuid.uuid4())
    arn = f"{prefix}:execution:{machine}:{name}"
    start = datetime.datetime.now(datetime.timezone.utc)
    return ChildExecution(arn, name, record.map_run_arn, value, start, items)


def _run(component: Any, env: Any, frames: Frames, run: ChildExecution, record: Any) -> None:
    run.status = "RUNNING"
    frame = _environment(env, run, record)
    frames.add(frame)
    counters = (record.execution_counter, 1), (record.item_counter, run.items)
    for counter, count in counters:
        counter.total.offset(count)
        counter.running.offset(count)
    if frame.is_running():
        component._get_iteration_program().eval(frame)
    frames.remove(frame)
    env.delete_frame(frame)
    _conclude(frame, run)
    for counter, count in counters:
        counter.running.offset(-count)
        getattr(counter, run.status.lower()).offset(count)
        if run.status == "SUCCEEDED":
            counter.results_written.offset(count)


def _environment(env: Any, run: ChildExecution, record: Any) -> Any:
    """A frame that is stopped with its parent, and shares neither variables nor history with it."""
    with env._state_mutex:
        variables = VariableStore()  # type: ignore[no-untyped-call]
        frame = Environment.as_inner_frame_of(env, variables, EventHistoryContext.of_program_start())
        env._frames.append(frame)
    record_for(frame, EventManager())
    context = frame.states.context_object.context_object_data
    context["Execution"] = {
        **context["Execution"],
        "Id": run.arn,
        "Name": run.name,
        "Input": run.input,
        "StartTime": run.start_date.isoformat(),
    }
    machine = record.map_state_machine_arn
    context["StateMachine"] = {"Id": machine, "Name": machine.rsplit(":", 1)[-1]}
    frame.states.reset(copy.deepcopy(run.input))
    started = {"input": json.dumps(run.input), "roleArn": env.aws_execution_details.role_arn}
    _record(frame, HistoryEventType.ExecutionStarted, {"executionStartedEventDetails": started})
    return frame


def _conclude(frame: Any, run: ChildExecution) -> None:
    run.stop_date = datetime.datetime.now(datetime.timezone.utc)
    state = frame.program_state()
    if isinstance(state, ProgramEnded):
        run.status, run.output = "SUCCEEDED", frame.states.get_input()
        return
    if isinstance(state, ProgramError):
        run.status = "FAILED"
        failed: Any = state.error
        run.error, run.cause = failed.get("error"), failed.get("cause")
        _record(frame, HistoryEventType.ExecutionFailed, {"executionFailedEventDetails": failed})
    else:
        run.status = "ABORTED"
        _record(frame, HistoryEventType.ExecutionAborted, {})
    run.events = frame.event_manager.get_event_history()


def _record(frame: Any, kind: HistoryEventType, details: Any) -> None:
    frame.event_manager.add_event(context=frame.event_history_context, event_type=kind, event_details=details)


def _too_many_failures(record: Any, run: list[ChildExecution]) -> bool:
    failed = sum(each.items for each in run if each.status == "FAILED")
    total = sum(each.items for each in run)
    percentage = (record.tolerated_failure_percentage or 0) * total / 100
    limits = [limit for limit in (record.tolerated_failure_count or 0, percentage) if limit]
    return failed > min(limits, default=0)


def _summary(run: list[ChildExecution]) -> str:
    failed = next(each for each in run if each.status == "FAILED")
    return f"The specified tolerated failure threshold was exceeded: {failed.error} in {failed.arn}"
