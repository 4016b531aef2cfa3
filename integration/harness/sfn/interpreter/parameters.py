"""The arguments of service integrations: from the names of Step Functions to those of boto, and back."""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.session
from botocore import xform_name
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (
    StateTaskService,
)

from integration.harness.sfn.interpreter.replacing import replaces


@replaces(StateTaskService)
def _normalise_parameters(
    self: Any,
    parameters: dict[str, Any],
    boto_service_name: str | None = None,
    service_action_name: str | None = None,
) -> None:
    """Gap: an empty function, so every argument reaches boto in PascalCase and is not understood."""
    operation = _operation(
        self._get_boto_service_name(boto_service_name), self._get_boto_service_action(service_action_name)
    )
    if operation is not None and operation.input_shape is not None:
        self._to_boto_request(parameters, operation.input_shape)


@replaces(StateTaskService)
def _normalise_response(
    self: Any,
    response: Any,
    boto_service_name: str | None = None,
    service_action_name: str | None = None,
) -> None:
    """Gap: an empty function, so results keep camelCase, and bodies of S3 objects are streams."""
    operation = _operation(
        self._get_boto_service_name(boto_service_name), self._get_boto_service_action(service_action_name)
    )
    if operation is not None and operation.output_shape is not None:
        self._from_boto_response(response, operation.output_shape)


@cache
def _operation(service: str, action: str) -> Any:
    """botocore's model of an operation by its name in snake_case."""
    try:
        model = botocore.session.get_session().get_service_model(service)
    except botocore.exceptions.UnknownServiceError:
        return None
    named = [name for name in model.operation_names if xform_name(name) == action]
    return model.operation_model(named[0]) if named else None
