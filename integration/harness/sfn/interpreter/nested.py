"""`states:startExecution.sync`: an execution that waits for another one.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
"""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (
    StateTaskServiceSfn,
)
from moto.stepfunctions.parser.asl.utils.boto_client import boto_client_for

from integration.harness.sfn.interpreter.programs import Unwound
from integration.harness.sfn.interpreter.replacing import replaces
from integration.harness.sfn.interpreter.waiting import wait

LOOK_SECONDS = 0.2

_callback_pattern = StateTaskServiceSfn._eval_integration_pattern


@replaces(StateTaskServiceSfn)
def _eval_integration_pattern(self: Any, env: Any, resource_runtime_part: Any, **more: Any) -> None:
    """Gap: a stopped execution leaves its child running; a retry of a child times out at once."""
    if self.resource.condition == ResourceCondition.WaitForTaskToken:
        _callback_pattern(self, env=env, resource_runtime_part=resource_runtime_part, **more)
        return
    child = env.stack[-1]["ExecutionArn"]
    plain = self.resource.condition == ResourceCondition.Sync
    build = self._build_sync_resolver if plain else self._build_sync2_resolver
    result_of_child = build(env=env, resource_runtime_part=resource_runtime_part, **more)
    while (result := result_of_child()) is None:
        try:
            wait(env, LOOK_SECONDS)
        except Unwound:
            boto_client_for(resource_runtime_part.region, "stepfunctions").stop_execution(executionArn=child)
            raise
    env.stack.append(result)
