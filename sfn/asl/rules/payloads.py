"""Expressions and paths, wherever a state holds one.

https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .. import jsonata, jsonpath
from ..finding import WARNING, Finding
from ..machine import StateMachine
from ..place import Path, Place, leaves, own_fields, places, spelled
from ..state import State
from ..states import Map, Parallel, Task
from .fields import is_expression

# Where JSONata is run: field of the state -> those of its own fields that are.
_RUN = {
    "Catch": ("Output", "Assign"),
    "Choices": ("Condition", "Output", "Assign"),
    "ItemReader": ("Arguments", "ReaderConfig"),
    "ResultWriter": ("Arguments",),
}
_FIXED = frozenset(
    {"Type", "Comment", "QueryLanguage", "Next", "End", "Default", "Resource", "Label", "Retry"}
)
# Where keys that end in .$ are looked at.
_TEMPLATES = frozenset(
    {"Parameters", "ResultSelector", "ItemSelector", "Assign", "Credentials", "BatchInput"}
)
_PATHS = frozenset({"InputPath", "OutputPath"})
_STATES_MEMBERS = ("input", "context", "result", "errorOutput")


def findings(machine: StateMachine) -> Iterator[Finding]:
    """Everything about expressions and paths."""
    for place in places(machine):
        yield from _jsonata(place) if place.uses_jsonata else _jsonpath(place)


def sources(place: Place) -> Iterator[tuple[Path, str]]:
    """Every expression, path and intrinsic function of a state, with where it stands.

    JSONata comes without `{%` and `%}`.
    """
    for path, value in leaves(own_fields(place.state)):
        if not isinstance(value, str):
            continue
        if place.uses_jsonata:
            if _is_run(path) and is_expression(value):
                yield path, value[2:-2]
        elif path[-1] != "ResultPath" and (_is_path(path) or _is_looked_up(path)):
            yield path, value


def _jsonata(place: Place) -> Iterator[Finding]:
    name = place.state.name
    for path, value in leaves(own_fields(place.state)):
        at = spelled(path)
        if any(isinstance(key, str) and key.endswith(".$") for key in path):
            message = (
                f"{at}: a key ends in .$, which has no meaning in JSONata; write {{% ... %}} as the value"
            )
            yield Finding(name, "dollar-key", message, WARNING)
        if not isinstance(value, str) or not _is_run(path):
            continue
        if value.startswith("{%") != value.endswith("%}") or value == "{%}":
            message = (
                f"{at}: an expression starts with {{% and ends with %}}, blanks before or after excluded"
            )
            yield Finding(name, "expression-ends", message)
        elif is_expression(value):
            yield from _expression(place.state, path, value[2:-2])


def _expression(state: State, path: Path, code: str) -> Iterator[Finding]:
    at = spelled(path)
    problem = jsonata.problem(code)
    if problem is not None:
        yield Finding(state.name, "jsonata", f"{at} is not JSONata: {problem}")
        return
    loose = jsonata.reads_whole_context(code)
    if loose is not None:
        message = f"{at} reads {loose!r} of nothing; start from $states.input, $states.result or a variable"
        yield Finding(state.name, "no-context", message)
    for member in jsonata.members_of_states(code):
        if member not in _STATES_MEMBERS:
            message = f"{at} reads $states.{member}; there are {', '.join(_STATES_MEMBERS)}"
            yield Finding(state.name, "states-member", message)
        elif not _is_available(member, state, path):
            message = f"{at} reads $states.{member}, which is there in {_WHERE[member]} only"
            yield Finding(state.name, "states-member", message)


_WHERE = {
    "result": "Output and Assign of Task, Parallel and Map",
    "errorOutput": "Output and Assign of Catch",
}


def _is_available(member: str, state: State, path: Path) -> bool:
    if member == "result":
        return path[0] in {"Output", "Assign"} and isinstance(state, (Task, Parallel, Map))
    return member != "errorOutput" or path[0] == "Catch"


def _jsonpath(place: Place) -> Iterator[Finding]:
    name = place.state.name
    for path, value in leaves(own_fields(place.state)):
        at, key = spelled(path), str(path[-1])
        if _is_path(path):
            problem = _path_problem(key, value)
            if problem is not None:
                yield Finding(name, "jsonpath", f"{at}: {problem}")
        elif _is_looked_up(path):
            problem = jsonpath.value_problem(value) if isinstance(value, str) else "it is no text"
            if problem is not None:
                yield Finding(name, "jsonpath", f"{at}: {problem}")
        elif _in_template(path) and isinstance(value, str) and _looks_like_source(value):
            message = f"{at} is passed as the text {value!r}; to have it looked up, its key has to end in .$"
            yield Finding(name, "dollar-key", message, WARNING)
        elif is_expression(value) and (_in_template(path) or path[0] == "Result"):
            message = f"{at} is JSONata in a JSONPath state, and passed as text; set QueryLanguage to JSONata"
            yield Finding(name, "jsonata-text", message, WARNING)


def _path_problem(field: str, value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        return "it is no text"
    if field in {"ErrorPath", "CausePath"} and value.startswith("States."):
        return jsonpath.value_problem(value)
    if field == "ResultPath" and (value.startswith("$$") or jsonpath.variables(value)):
        return "a result goes into the state's input ($...), not into the context or a variable"
    return jsonpath.path_problem(value, reference=field not in _PATHS)


def _looks_like_source(value: str) -> bool:
    return re.match(r"\$\$?\.", value) is not None or value.split("(")[0] in jsonpath.INTRINSICS


def _is_run(path: Path) -> bool:
    """Whether text at that place is run when it is between `{%` and `%}`."""
    if path[0] in _RUN:
        return any(key in _RUN[str(path[0])] for key in path[1:3])
    return path[0] not in _FIXED


def _in_template(path: Path) -> bool:
    return any(key in _TEMPLATES for key in path[:3])


def _is_looked_up(path: Path) -> bool:
    return _in_template(path) and str(path[-1]).endswith(".$")


def _is_path(path: Path) -> bool:
    """Whether the place is a field that holds a path; those of choice rules have a module of their own."""
    return str(path[-1]).endswith("Path") and not _in_template(path) and path[0] not in {"Choices", "Result"}
