"""How a program and each of its states run, and how both end when the execution is stopped or out of time."""

from __future__ import annotations

import copy
import threading
from typing import Any

from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import EvalTimeoutError
from moto.stepfunctions.parser.asl.component.component import Component
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField

from integration.harness.sfn.interpreter.replacing import replaces

UNWINDING_SECONDS = 5.0

_eval_state_body = CommonStateField._eval_body


class Unwound(BaseException):
    """The execution ended while a state was at work: nothing more of that state is recorded or retried."""


@replaces(Program)
def eval(self: Any, env: Any) -> None:
    """Gap: one more thread for each item of a Map; TIMED_OUT is reported while states are still at work."""
    env.next_state_name = self.start_at.start_at_name
    if env.is_frame():
        EvalComponent.eval(self, env)
        return
    thread = threading.Thread(target=EvalComponent.eval, args=(self, env), daemon=True)
    thread.start()
    thread.join(self.timeout_seconds.timeout_seconds if self.timeout_seconds else None)
    if thread.is_alive():
        env.set_timed_out()
        thread.join(UNWINDING_SECONDS)


@replaces(ExecutionState)
def _evaluate_with_timeout(self: Any, env: Any) -> None:
    """Gap: one more thread for each state; a state at work when its execution ends is retried or succeeds."""
    self.timeout.eval(env=env)
    seconds = env.stack.pop()
    frame = env.open_frame()
    frame.states.reset(input_value=env.states.get_input())
    frame.stack = copy.deepcopy(env.stack)
    work = _Work(self, frame)
    if self.timeout.is_default_value():
        work.run()
    else:
        threading.Thread(target=work.run, daemon=True).start()
        work.ended.wait(seconds)
    in_time = work.ended.is_set()
    frame.set_ended()
    env.close_frame(frame)
    if not env.is_running():
        raise Unwound
    if not in_time:
        raise EvalTimeoutError
    if work.error is not None:
        raise work.error
    _take_result(self, env, frame.stack[-1])


class _Work:
    """The evaluation of one state in a frame."""

    def __init__(self, state: Any, frame: Any) -> None:
        self._state = state
        self._frame = frame
        self.error: BaseException | None = None
        self.ended = threading.Event()

    def run(self) -> None:
        try:
            self._state._eval_execution(self._frame)
        except (Exception, Unwound) as error:  # raised again by who waits
            self.error = error
        self.ended.set()


def _take_result(state: Any, env: Any, result: Any) -> None:
    env.stack.append(result)
    if not state._is_language_query_jsonpath():
        env.states.set_result(result)
    if state.assign_decl:
        state.assign_decl.eval(env=env)
    if state.result_selector:
        state.result_selector.eval(env=env)
    if state.result_path:
        state.result_path.eval(env)
    else:
        env.states.reset(input_value=env.stack.pop())


@replaces(CommonStateField)
def _eval_body(self: Any, env: Any) -> None:
    """Gap: as above; the program goes on to record the end of the execution."""
    try:
        _eval_state_body(self, env)
    except Unwound:
        return


@replaces(Component)
def __str__(self: Any) -> str:
    """Gap: the text of a component is all that is in it, and threads and log lines are named by it."""
    return type(self).__name__


@replaces(EvalComponent)
def _log_failure_event_exception(self: Any, failure_event_exception: Any) -> None:
    """Gap: each failure is printed once for each component around it."""


@replaces(EvalComponent)
def _log_exception(self: Any, exception: Any) -> None:
    """Gap: as above."""
