"""Sizes: of the definition, of what a state passes, of a Batch job's overrides.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..finding import Finding
from ..machine import StateMachine
from ..place import own_fields, places
from ..render import size
from ..states import Task
from .tasks import DYNAMIC, known_part

LARGEST_DEFINITION = 1_048_576
LARGEST_PAYLOAD = 262_144
# Batch: "Container Overrides length must be at most 8192".
LARGEST_OVERRIDES = 8_192

_NO_PAYLOAD = frozenset({"Type", "Comment", "QueryLanguage", "Choices", "Retry", "Catch"})


def findings(machine: StateMachine) -> Iterator[Finding]:
    """Everything about sizes. Of payloads, only what is known before the state runs is counted."""
    total = size(machine.to_dict())
    if total > LARGEST_DEFINITION:
        largest = max(machine.walk(), key=lambda state: size(own_fields(state)))
        message = (
            f"the definition has {total:,} bytes, AWS takes {LARGEST_DEFINITION:,}; this is its largest state"
        )
        yield Finding(largest.name, "definition-size", message)
    for place in places(machine):
        for name, value in own_fields(place.state).items():
            if name in _NO_PAYLOAD:
                continue
            known = _counted(known_part(value, place.uses_jsonata))
            if size(known) > LARGEST_PAYLOAD:
                message = f"{name} has {size(known):,} bytes; a payload can have {LARGEST_PAYLOAD:,}"
                yield Finding(place.state.name, "payload-size", message)
            if isinstance(place.state, Task) and ":batch:submitJob" in (place.state.resource or ""):
                yield from _overrides(place.state.name, known, name)


def _overrides(state: str, value: Any, at: str) -> Iterator[Finding]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _overrides(state, item, f"{at}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "ContainerOverrides" and size(item) > LARGEST_OVERRIDES:
                message = f"{at}.{key} has {size(item):,} bytes; Batch takes {LARGEST_OVERRIDES:,}"
                yield Finding(state, "overrides-size", message)
            yield from _overrides(state, item, f"{at}.{key}")


def _counted(value: Any) -> Any:
    """The value with all that is not known yet as the shortest text."""
    if value is DYNAMIC:
        return ""
    if isinstance(value, dict):
        return {key: _counted(item) for key, item in value.items()}
    return [_counted(item) for item in value] if isinstance(value, list) else value
