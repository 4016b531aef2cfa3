"""An execution's history is bounded: at 25,000 events the execution fails.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from __future__ import annotations

from functools import partial
from typing import Any

from moto.stepfunctions.parser.api import ExecutionFailedEventDetails
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager

from integration.harness.sfn.interpreter.replacing import replaces

MAX_EVENTS = 25_000
LAST = frozenset({"ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"})

_init = Environment.__init__
_add_event = EventManager.add_event


@replaces(Environment)
def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
    """Gap: no limit of events."""
    _init(self, *args, **kwargs)
    record_for(self, self.event_manager)


def record_for(env: Any, manager: Any) -> None:
    """Let `manager` keep the events of an execution, which fails when there are too many."""
    cause = f"The execution reached the maximum number of history events ({MAX_EVENTS})."
    env.event_manager = manager
    manager.when_full = partial(
        env.set_error, ExecutionFailedEventDetails(error="States.Runtime", cause=cause)
    )


@replaces(EventManager)
def add_event(self: Any, context: Any, event_type: Any, *args: Any, **kwargs: Any) -> int:
    """Gap: as above."""
    last = getattr(event_type, "value", event_type) in LAST
    if len(self._history_event_list) >= MAX_EVENTS - 1 and not last:
        self.when_full()
        return int(context.last_published_event_id)
    return int(_add_event(self, context, event_type, *args, **kwargs))
