"""Which errors a Retry or Catch rule is for.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk,
)

from integration.harness.sfn.interpreter.replacing import replaces

UNCATCHABLE = frozenset({"States.DataLimitExceeded", "States.Runtime"})

# Gap: the names of services, as the errors of their SDK begin, are known for two of them.
state_task_service_aws_sdk._SERVICE_ERROR_NAMES.update(
    s3="S3", batch="Batch", ssm="Ssm", sns="Sns", sqs="Sqs", secretsmanager="SecretsManager"
)


@replaces(ErrorEqualsDecl)
def _eval_body(self: Any, env: Any) -> None:
    """Gap: States.ALL is for every error, and States.TaskFailed for a States.Timeout out of a Map."""
    error = env.stack.pop().error_name
    names = {name.error_name for name in self.error_names}
    env.stack.append(
        error in names
        or ("States.ALL" in names and error not in UNCATCHABLE)
        or ("States.TaskFailed" in names and error not in {*UNCATCHABLE, "States.Timeout"})
    )


@replaces(CustomErrorName)
def __init__(self: Any, error_name: str | None) -> None:
    """Gap: a Map or Parallel whose state failed with a `States.` error fails with a Python error instead."""
    ErrorName.__init__(self, error_name=error_name)
