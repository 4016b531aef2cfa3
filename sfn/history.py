"""What an execution's history tells: which state failed, and which Batch jobs are unfinished. Pure.

Events come the latest first, in AWS's own form.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Event = Mapping[str, Any]

# They only pass on what failed inside them.
_CARRIERS = ("ExecutionFailed", "ParallelStateFailed", "MapStateFailed", "MapIterationFailed")
_TASK_FAILED = ("TaskFailed", "TaskTimedOut")
_TASK_ENDED = ("TaskSucceeded", *_TASK_FAILED)


@dataclass(frozen=True)
class FailedState:
    """The state that an execution failed in.

    Attributes:
        name: of the state.
        error: name of the error, such as `States.TaskFailed`.
        cause: what the state said; of a Batch job its description as JSON text.
        job: id of its last Batch job, empty when there is none.
        environment: variables that the state gave to the job.
        tries: how many attempts Batch made, over all jobs that the state started; a job whose description
            was cut off counts as one.
        map_run: ARN of the Distributed Map's run whose children failed.
    """

    name: str
    error: str
    cause: str
    job: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    tries: int = 0
    map_run: str = ""


def failed_state(events: Iterable[Event]) -> FailedState | None:
    """The state that an execution failed in; `None` when no state did (its time was over, it was stopped)."""
    remaining = iter(events)
    ended = _details(next(remaining, {}))
    chain = list(_chain(remaining))
    if not chain:
        return None
    details = [_details(event) for event in chain]
    # Fail states say why in the execution's last event alone.
    last, first = {**ended, **details[0]}, details[-1]
    submitted = next((_details(e) for e in chain if e["type"] == "TaskSubmitted"), {})
    scheduled = next((_details(e) for e in chain if e["type"] == "TaskScheduled"), {})
    return FailedState(
        name=first.get("name", ""),
        error=last.get("error", ""),
        cause=last.get("cause", ""),
        job=_object(submitted.get("output")).get("JobId", ""),
        environment=_environment(_object(scheduled.get("parameters"))),
        tries=sum(_tries(_details(event)) for event in chain if event["type"] in _TASK_FAILED),
        map_run=next((d["mapRunArn"] for d in details if "mapRunArn" in d), ""),
    )


def unfinished_jobs(events: Iterable[Event]) -> Iterator[str]:
    """Ids of the Batch jobs that an execution has submitted and not seen the end of."""
    followed = set()
    for event in events:
        if event["type"] in _TASK_ENDED:
            followed.add(event["previousEventId"])
        elif event["type"] == "TaskSubmitted" and event["id"] not in followed:
            details = _details(event)
            if details.get("resourceType") == "batch":
                job = _object(details.get("output")).get("JobId")
                if job:
                    yield job


def _chain(events: Iterable[Event]) -> Iterator[Event]:
    """From the latest failure back to where its state was entered, other branches left out."""
    wanted = None
    for event in events:
        if wanted is None:
            begins = event["type"].endswith(("Failed", "TimedOut")) or event["type"] == "FailStateEntered"
            if not begins or event["type"] in _CARRIERS or event["type"].startswith("Execution"):
                continue
        elif event["id"] != wanted:
            continue
        yield event
        if event["type"].endswith("StateEntered"):
            return
        wanted = event["previousEventId"]


def _details(event: Event) -> Mapping[str, Any]:
    """What is particular to a type of event."""
    return next((value for key, value in event.items() if key.endswith("EventDetails")), {})


def _object(text: Any) -> Mapping[str, Any]:
    """JSON text; AWS cuts off what is too long, which is then no JSON."""
    try:
        found = json.loads(text)
    except (TypeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _environment(arguments: Mapping[str, Any]) -> dict[str, str]:
    """Variables in the arguments of SubmitJob; of a job of several nodes those of the first ones."""
    nodes = arguments.get("NodeOverrides", {}).get("NodePropertyOverrides", [])
    overrides = [arguments, *nodes[:1]]
    pairs = [pair for each in overrides for pair in each.get("ContainerOverrides", {}).get("Environment", [])]
    return {pair.get("Name", ""): pair.get("Value", "") for pair in pairs}


def _tries(failed: Mapping[str, Any]) -> int:
    return len(_object(failed.get("cause")).get("Attempts") or []) or 1
