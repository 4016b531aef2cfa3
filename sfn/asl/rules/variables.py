"""Variables: assigned before they are read, and never over the name of an outer one.

https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .. import jsonata, jsonpath
from ..finding import Finding
from ..machine import JSONATA, JSONPATH, Scope, StateMachine
from ..place import Path, Place, spelled
from ..state import State
from ..states import Choice, Map
from .payloads import sources

Names = frozenset[str]
NONE: Names = frozenset()


def findings(machine: StateMachine) -> Iterator[Finding]:
    """Everything about variables."""
    yield from _scope(machine, machine.query_language or JSONPATH, NONE, NONE)


def _scope(scope: Scope, language: str, visible: Names, outer: Names) -> Iterator[Finding]:
    """Findings of a scope.

    Args:
        scope: the states.
        language: the machine's query language.
        visible: variables that have a value when the scope starts.
        outer: names that scopes around it assign.
    """
    assigned = frozenset(name for state in scope.states.values() for name in _assigned_by(state))
    known = _known_at(scope, visible)
    for state in scope.states.values():
        place = Place(state, scope, state.query_language or language)
        yield from _assignments(state, outer)
        if state.name in known:
            yield from _reads(place, known[state.name])
        for inner in state.scopes():
            distributed = isinstance(state, Map) and state.is_distributed
            seen = NONE if distributed else known.get(state.name, NONE)
            yield from _scope(inner, language, seen, outer | assigned)


def _known_at(scope: Scope, visible: Names) -> dict[str, Names]:
    """Per state that can be reached, the variables that have a value there on one way at least."""
    known: dict[str, Names] = {}
    todo = [(scope.start_at, visible)]
    while todo:
        name, names = todo.pop()
        before = known.get(name)
        if name not in scope.states or (before is not None and names <= before):
            continue
        known[name] = names | (before or NONE)
        todo += [(target, known[name] | new) for target, new in _ways_out(scope.states[name])]
    return known


def _ways_out(state: State) -> Iterator[tuple[str, Names]]:
    """The states that a state leads to, each with what is assigned on that way."""
    own = _names(getattr(state, "assign", None))
    following = getattr(state, "default" if isinstance(state, Choice) else "next", None)
    if isinstance(following, str):
        yield following, own
    rules = (*(getattr(state, "choices", None) or ()), *(getattr(state, "catch", None) or ()))
    for rule in rules:
        if isinstance(rule.next, str):
            yield rule.next, _names(rule.assign)


def _assigned_by(state: State) -> Iterator[str]:
    for _, name in _assignments_of(state):
        yield name


def _assignments_of(state: State) -> Iterator[tuple[str, str]]:
    """Each variable that a state assigns, with the field that does."""
    for name in sorted(_names(getattr(state, "assign", None))):
        yield f"Assign.{name}", name
    for field in ("choices", "catch"):
        for index, rule in enumerate(getattr(state, field, None) or ()):
            for name in sorted(_names(rule.assign)):
                yield f"{field.capitalize()}[{index}].Assign.{name}", name


def _names(assign: Any) -> Names:
    return frozenset(key.removesuffix(".$") for key in assign) if isinstance(assign, Mapping) else NONE


def _assignments(state: State, outer: Names) -> Iterator[Finding]:
    for at, name in _assignments_of(state):
        if name == "states":
            message = f"{at}: $states is Step Functions' own and cannot be assigned"
            yield Finding(state.name, "reserved-variable", message)
        elif not jsonata.is_variable_name(name):
            message = f"{at}: a variable's name has letters, digits and _, at most 80, no digit first"
            yield Finding(state.name, "variable-name", message)
        elif name in outer:
            message = f"{at}: an outer scope assigns {name!r} too; inner scopes need names of their own"
            yield Finding(state.name, "shadowed-variable", message)


def _reads(place: Place, known: Names) -> Iterator[Finding]:
    for path, source in sources(place):
        for name in _read_by(place.language, path, source):
            if name not in known:
                message = f"{spelled(path)} reads ${name}, which no state on a way to this one assigns"
                yield Finding(place.state.name, "unassigned-variable", message)


def _read_by(language: str, path: Path, source: str) -> tuple[str, ...]:
    if language != JSONATA:
        return jsonpath.variables(source)
    return jsonata.free_variables(source) if jsonata.problem(source) is None else ()
