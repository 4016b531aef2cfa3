"""Waits that end with the execution: before a retry, and of a Wait state."""

from __future__ import annotations

import time
from typing import Any

from moto.stepfunctions.parser.asl.component.common.retry.max_attempts_decl import MaxAttemptsOutcome
from moto.stepfunctions.parser.asl.component.common.retry.retrier_decl import RetrierDecl
from moto.stepfunctions.parser.asl.component.common.retry.retrier_outcome import RetrierOutcome
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction

from integration.harness.sfn.interpreter.programs import Unwound
from integration.harness.sfn.interpreter.replacing import replaces

LOOK_SECONDS = 0.2


def wait(env: Any, seconds: float) -> None:
    """Wait so long.

    Raises:
        Unwound: the execution has ended meanwhile.
    """
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, LOOK_SECONDS))
        if not env.is_running():
            raise Unwound


@replaces(RetrierDecl)
def _eval_body(self: Any, env: Any) -> None:
    """Gap: a stopped execution stays RUNNING until the delay before a retry is over."""
    self.error_equals.eval(env)
    if not env.stack.pop():
        env.stack.append(RetrierOutcome.Skipped)
        return
    self.max_attempts.eval(env=env)
    if env.stack.pop() == MaxAttemptsOutcome.EXHAUSTED:
        env.stack.append(RetrierOutcome.Failed)
        return
    for part in (self.interval_seconds, self.backoff_rate, self.max_delay_seconds, self.jitter_strategy):
        part.eval(env=env)
    wait(env, env.stack.pop())
    env.stack.append(RetrierOutcome.Executed)


@replaces(WaitFunction)
def _wait_interval(self: Any, env: Any, wait_seconds: float) -> None:
    """Gap: whole seconds only, and a stop between two waits is not noticed."""
    wait(env, wait_seconds)
