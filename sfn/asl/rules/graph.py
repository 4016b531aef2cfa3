"""Names and transitions: every target exists, every state is reached, every scope can end.

https://states-language.net/spec.html
"""

from __future__ import annotations

from collections.abc import Iterator

from ..finding import Finding
from ..machine import Scope, StateMachine
from ..node import asl_fields
from ..place import Place, places
from ..state import State
from ..states import Choice, Fail, Parallel, Succeed

LONGEST_NAME = 80


def findings(machine: StateMachine) -> Iterator[Finding]:
    """Everything about names and transitions."""
    everyone = list(places(machine))
    names = {place.state.name for place in everyone}
    yield from _names(everyone)
    yield from _scope(machine, "", names)
    for place in everyone:
        yield from _transitions(place, names)
        for scope in place.state.scopes():
            yield from _scope(scope, place.state.name, names)


def targets(state: State) -> Iterator[tuple[str, str]]:
    """The states that a state leads to, each with the field that says so.

    Example:
        >>> list(targets(Pass("a", next="b")))
        [('Next', 'b')]
    """
    following = getattr(state, "next", None)
    if isinstance(following, str):
        yield "Next", following
    for index, catcher in enumerate(getattr(state, "catch", None) or ()):
        if isinstance(catcher.next, str):
            yield f"Catch[{index}].Next", catcher.next
    if isinstance(state, Choice):
        for index, rule in enumerate(state.choices or ()):
            if isinstance(rule.next, str):
                yield f"Choices[{index}].Next", rule.next
        if isinstance(state.default, str):
            yield "Default", state.default


def reached(scope: Scope) -> set[str]:
    """Names of the states of a scope that an execution can come to."""
    seen: set[str] = set()
    todo = [scope.start_at]
    while todo:
        name = todo.pop()
        if name in scope.states and name not in seen:
            seen.add(name)
            todo += [target for _, target in targets(scope.states[name])]
    return seen


def _names(everyone: list[Place]) -> Iterator[Finding]:
    seen: set[str] = set()
    for place in everyone:
        name = place.state.name
        if name in seen:
            message = "another state of the machine has this name; names are unique in the whole machine"
            yield Finding(name, "duplicate-name", message)
        seen.add(name)
        if not 1 <= len(name) <= LONGEST_NAME:
            yield Finding(
                name, "name-length", f"its name has {len(name)} characters; 1 to {LONGEST_NAME} are allowed"
            )


def _scope(scope: Scope, owner: str, names: set[str]) -> Iterator[Finding]:
    """What is wrong with a scope; `owner` is the state that it is in."""
    if not scope.states:
        yield Finding(owner, "no-states", "States is empty")
        return
    if scope.start_at not in scope.states:
        yield Finding(owner, "start-missing", _missing("StartAt", scope.start_at, names))
        return
    can_be_reached = reached(scope)
    for name in scope.states:
        if name not in can_be_reached:
            yield Finding(name, "unreachable", f"no way leads from {scope.start_at!r} (StartAt) to it")
    if all(_goes_on(scope.states[name], scope) for name in can_be_reached):
        yield Finding(
            scope.start_at, "no-terminal", "it starts a loop that no state ends (End, Succeed or Fail)"
        )


def _transitions(place: Place, names: set[str]) -> Iterator[Finding]:
    state = place.state
    for field, target in targets(state):
        if target not in place.scope.states:
            yield Finding(state.name, "target-missing", _missing(field, target, names))
    if isinstance(state, Choice) and state.choices == ():
        yield Finding(state.name, "no-choices", "Choices is empty")
    if isinstance(state, Parallel) and state.branches == ():
        yield Finding(state.name, "no-branches", "Branches is empty")
    if "next" in asl_fields(type(state)):
        yield from _next_or_end(state)


def _next_or_end(state: State) -> Iterator[Finding]:
    following, end = getattr(state, "next", None), getattr(state, "end", None)
    if following is not None and end is True:
        yield Finding(state.name, "next-and-end", f"it has both Next ({following!r}) and End; keep one")
    if following is None and end is not True:
        yield Finding(state.name, "next-or-end", f"a {state.type} needs Next, or End: true")


def _missing(field: str, target: object, names: set[str]) -> str:
    if target in names:
        return f"{field} names {target!r}, which is in another scope; transitions stay inside their own"
    return f"{field} names {target!r}, which is no state of its scope"


def _goes_on(state: State, scope: Scope) -> bool:
    """Whether all ways out of a state lead to a state of its scope."""
    if isinstance(state, (Succeed, Fail)) or getattr(state, "end", None) is True:
        return False
    following = [target for _, target in targets(state)]
    return following != [] and all(target in scope.states for target in following)
