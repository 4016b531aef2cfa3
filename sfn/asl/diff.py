"""What is different between two machines, state by state and field by field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .machine import Scope, StateMachine
from .place import Path, own_fields, spelled

ABSENT = object()
"""Stands for a value that one of the machines does not have."""


@dataclass(frozen=True)
class Change:
    """One difference.

    Attributes:
        state: name of the state; empty: the machine itself.
        field: path of the field in it; empty: the state as a whole was added or removed.
        old: value before, `ABSENT` when there was none.
        new: value after, `ABSENT` when there is none.

    Example:
        >>> str(Change("train", "TimeoutSeconds", 60, 90))
        '~ train.TimeoutSeconds: 60 -> 90'
    """

    state: str
    field: str
    old: Any
    new: Any

    def __str__(self) -> str:
        place = ".".join(part for part in (self.state, self.field) if part)
        if self.old is ABSENT:
            return f"+ {place}: {_shown(self.new)}"
        if self.new is ABSENT:
            return f"- {place}: {_shown(self.old)}"
        return f"~ {place}: {_shown(self.old)} -> {_shown(self.new)}"


def diff(old: StateMachine, new: StateMachine) -> list[Change]:
    """How the new machine differs from the old one; the same machine gives an empty list.

    States are matched by name, which is unique in a machine. One that was added or removed is one change with
    its type as the value; one that moved into another scope changes its `(inside)`.

    Example:
        >>> [str(change) for change in diff(machine, machine.with_state("train", timeout_seconds=90))]
        ['~ train.TimeoutSeconds: 60 -> 90']
    """
    before, after = _described(old), _described(new)
    return [
        change
        for name in {**before, **after}
        for change in _compared(name, before.get(name), after.get(name))
    ]


def _compared(name: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> Iterator[Change]:
    if old is None or new is None:
        yield Change(name, "", ABSENT if old is None else old["Type"], ABSENT if new is None else new["Type"])
        return
    for field in {**old, **new}:
        before, after = old.get(field, ABSENT), new.get(field, ABSENT)
        # 1, 1.0 and True are equal in Python, and different in a definition.
        if (type(before), before) != (type(after), after):
            yield Change(name, field, before, after)


def _described(machine: StateMachine) -> dict[str, dict[str, Any]]:
    """Per state, and for the machine itself under the empty name, every field with its path."""
    own = {name: value for name, value in machine.to_dict().items() if name != "States"}
    return {"": _flat(own), **dict(_states(machine, ""))}


def _states(scope: Scope, inside: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for state in scope.states.values():
        scopes = {f"({i})": _without_states(inner) for i, inner in enumerate(state.scopes())}
        yield state.name, {**_flat(own_fields(state)), **_flat(scopes), "(inside)": inside}
        for index, inner in enumerate(state.scopes()):
            yield from _states(inner, f"{state.name}({index})")


def _without_states(scope: Scope) -> dict[str, Any]:
    return {name: value for name, value in scope.to_dict().items() if name != "States"}


def _flat(value: Any) -> dict[str, Any]:
    return {spelled(path): leaf for path, leaf in _leaves_and_empties(value, ())}


def _leaves_and_empties(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, (dict, list)) and value:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from _leaves_and_empties(item, (*path, key))
    else:
        yield path, value


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
