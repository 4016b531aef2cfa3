"""Errors of states, as moto raises and records them."""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName


def failure(
    env: Any, error: str, cause: str, event: HistoryEventType, **details: Any
) -> FailureEventException:
    """What a state raises to fail.

    Args:
        env: of the state.
        error: one of the names that begin with `States.`.
        cause: what went wrong.
        event: how the history calls it.
        details: more fields of that event.
    """
    # TaskFailed has its details in taskFailedEventDetails.
    field = f"{event.value[0].lower()}{event.value[1:]}EventDetails"
    recorded: Any = {field: {"error": error, "cause": cause, **details}}
    return FailureEventException(FailureEvent(env, StatesErrorName.from_name(error), event, recorded))
