"""Fields: which a state may have, which it must have, in which query language, with which values.

https://states-language.net/spec.html
https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..finding import WARNING, Finding
from ..machine import JSONATA, JSONPATH, StateMachine
from ..node import NULL, Node, asl_fields, rendered
from ..parts import Catch, ChoiceRule, ItemReader, Retry
from ..place import Place, places
from ..states import Choice, Parallel, Pass, Task, Wait

JSONPATH_FIELDS = frozenset({"Parameters", "ResultSelector"})
JSONATA_FIELDS = frozenset({"Arguments", "Output", "Items", "Condition"})
REQUIRED: dict[type[Node], tuple[str, ...]] = {
    Task: ("Resource",),
    Choice: ("Choices",),
    Parallel: ("Branches",),
    Retry: ("ErrorEquals",),
    Catch: ("ErrorEquals", "Next"),
    ChoiceRule: ("Next",),
    ItemReader: ("Resource",),
}
LONGEST_SECONDS = 99_999_999
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True)
class Kind:
    """What the value of a field has to be; `computed`: in a JSONata state it may be an expression too."""

    description: str
    holds: Callable[[Any], bool]
    computed: bool = False


def findings(machine: StateMachine) -> Iterator[Finding]:
    """Everything about single fields."""
    # Nothing that belongs to the machine itself can be an expression.
    yield from _node_findings("", "", machine, JSONPATH)
    for place in places(machine):
        for path, node in _nodes("", place.state):
            yield from _node_findings(place.state.name, path, node, place.language)
        yield from _alternatives(place)
        if machine.query_language == JSONATA and place.state.query_language == JSONPATH:
            message = "it uses JSONPath; a machine whose QueryLanguage is JSONata can have no such state"
            yield Finding(place.state.name, "query-language", message)


def is_expression(value: object) -> bool:
    """Whether a value is JSONata between `{%` and `%}`."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def is_timestamp(value: object) -> bool:
    """Whether a value is a time as RFC 3339 writes it, with T and Z in capitals."""
    return isinstance(value, str) and _TIMESTAMP.fullmatch(value) is not None


def _nodes(path: str, node: Node) -> Iterator[tuple[str, Node]]:
    """The node and all nodes in it, with their paths, but not the states inside scopes."""
    yield path, node
    for python, name in asl_fields(type(node)).items():
        value = getattr(node, python)
        several = value if isinstance(value, tuple) else (value,)
        for index, item in enumerate(several):
            if isinstance(item, Node):
                step = f"{name}[{index}]" if isinstance(value, tuple) else name
                yield from _nodes(f"{path}.{step}" if path else step, item)


def _node_findings(state: str, path: str, node: Node, language: str) -> Iterator[Finding]:
    fields = {name: getattr(node, python) for python, name in asl_fields(type(node)).items()}
    given = {name: value for name, value in fields.items() if value is not None}
    at = f"{path}." if path else ""
    for name in REQUIRED.get(type(node), ()):
        if name not in given:
            yield Finding(state, "missing-field", f"{at}{name} is missing")
    if not isinstance(node, ChoiceRule) or language == JSONATA:
        for name in node.extra:
            yield Finding(state, "unknown-field", _unknown(at, name, node, fields))
    for name, value in given.items():
        yield from _language(state, f"{at}{name}", name, node, language)
        kind = KINDS.get(name)
        if kind is not None and not _fits(kind, value, language):
            message = f"{at}{name} is {_shown(value)}; it has to be {kind.description}"
            yield Finding(state, "wrong-value", message)


def _shown(value: Any) -> str:
    text = "null" if value is NULL else repr(rendered(value))
    return text if len(text) <= 80 else f"{text[:80]}..."


def _unknown(at: str, name: str, node: Node, fields: dict[str, Any]) -> str:
    owner = f"a {getattr(node, 'type', '') or type(node).__name__}"
    close = difflib.get_close_matches(name, fields, n=1)
    return f"{owner} has no field {at}{name}" + (f"; did you mean {close[0]}?" if close else "")


def _language(state: str, path: str, name: str, node: Node, language: str) -> Iterator[Finding]:
    for_jsonpath = name in JSONPATH_FIELDS or name.endswith("Path")
    if language == JSONATA and for_jsonpath:
        yield Finding(state, "jsonpath-field", f"{path} is a field of JSONPath states, this one uses JSONata")
    if language == JSONATA and isinstance(node, Pass) and name == "Result":
        yield Finding(state, "jsonpath-field", "Result is for JSONPath states; use Output", WARNING)
    if language == JSONPATH and name in JSONATA_FIELDS:
        yield Finding(state, "jsonata-field", f"{path} is a field of JSONata states, this one uses JSONPath")


def _fits(kind: Kind, value: Any, language: str) -> bool:
    if kind.computed and language == JSONATA and is_expression(value):
        return True
    return kind.holds(value)


def _alternatives(place: Place) -> Iterator[Finding]:
    """Fields of which a state may have only one."""
    state = place.state
    given = {name for python, name in asl_fields(type(state)).items() if getattr(state, python) is not None}
    for name in sorted(given):
        if f"{name}Path" in given and name not in {"Result", "Output", "Items"}:
            yield Finding(state.name, "one-of", f"it has both {name} and {name}Path; keep one")
    if isinstance(state, Wait):
        times = [n for n in ("Seconds", "SecondsPath", "Timestamp", "TimestampPath") if n in given]
        if len({name.removesuffix("Path") for name in times}) != 1:
            shown = f"it has {' and '.join(times)}" if times else "it has none"
            yield Finding(state.name, "one-of", f"a Wait has one of Seconds and Timestamp; {shown}")
    if isinstance(state, Task) and _is_number(state.timeout_seconds) and _is_number(state.heartbeat_seconds):
        heartbeat, timeout = state.heartbeat_seconds, state.timeout_seconds
        if heartbeat >= timeout:  # type: ignore[operator]
            message = f"HeartbeatSeconds ({heartbeat}) has to be less than TimeoutSeconds ({timeout})"
            yield Finding(state.name, "heartbeat", message)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _whole(least: int, most: int) -> Kind:
    def holds(value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most

    return Kind(f"a whole number from {least} to {most}", holds)


def _one_of(*values: str) -> Kind:
    return Kind(" or ".join(values), lambda value: isinstance(value, str) and value in values)


def _computed(kind: Kind) -> Kind:
    return dataclasses.replace(kind, computed=True)


_TEXT = Kind("text", _is_text)
_NAME = Kind("the name of a state", _is_text)
_SECONDS = _whole(1, LONGEST_SECONDS)
_OBJECT = Kind("an object", lambda value: isinstance(value, dict))
_TEXTS = Kind(
    "a list of texts, not empty",
    lambda value: isinstance(value, tuple) and value != () and all(map(_is_text, value)),
)

KINDS: dict[str, Kind] = {
    "Comment": _TEXT,
    "Version": _TEXT,
    "QueryLanguage": _one_of(JSONPATH, JSONATA),
    "Next": _NAME,
    "Default": _NAME,
    "End": Kind("true", lambda value: value is True),
    "Resource": _TEXT,
    "TimeoutSeconds": _computed(_SECONDS),
    "HeartbeatSeconds": _computed(_SECONDS),
    "Seconds": _computed(_whole(0, LONGEST_SECONDS)),
    "Timestamp": Kind("a time as in 2030-01-31T09:00:00Z", is_timestamp, computed=True),
    "Error": _TEXT,
    "Cause": _TEXT,
    "Assign": _OBJECT,
    "Parameters": _OBJECT,
    "ResultSelector": _OBJECT,
    "ItemSelector": Kind("an object", lambda value: isinstance(value, dict), computed=True),
    "Arguments": Kind("an object or an expression", lambda value: isinstance(value, dict), computed=True),
    "Items": Kind("a list, an object or an expression", lambda v: isinstance(v, (list, dict)), computed=True),
    "Condition": Kind("an expression", lambda value: isinstance(value, bool), computed=True),
    "ErrorEquals": _TEXTS,
    "IntervalSeconds": _SECONDS,
    "MaxAttempts": _whole(0, LONGEST_SECONDS),
    "BackoffRate": Kind("a number of at least 1.0", lambda value: _is_number(value) and value >= 1),
    "MaxDelaySeconds": _whole(1, 31_622_400),
    "JitterStrategy": _one_of("FULL", "NONE"),
    "MaxConcurrency": _computed(_whole(0, LONGEST_SECONDS)),
    "ToleratedFailureCount": _computed(_whole(0, LONGEST_SECONDS)),
    "ToleratedFailurePercentage": Kind(
        "a number from 0 to 100", lambda value: _is_number(value) and 0 <= value <= 100, computed=True
    ),
    "Label": Kind("text of 1 to 40 characters", lambda value: _is_text(value) and 1 <= len(value) <= 40),
    "Mode": _one_of("INLINE", "DISTRIBUTED"),
    "ExecutionType": _one_of("STANDARD", "EXPRESS"),
    "InputType": _one_of("CSV", "JSON", "JSONL", "MANIFEST", "PARQUET"),
    "CSVHeaderLocation": _one_of("FIRST_ROW", "GIVEN"),
    "CSVHeaders": _TEXTS,
    "MaxItems": _computed(_whole(1, 100_000_000)),
    "MaxItemsPerBatch": _computed(_whole(1, LONGEST_SECONDS)),
    "MaxInputBytesPerBatch": _computed(_whole(1, 262_144)),
}
