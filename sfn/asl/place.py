"""Where a state stands in its machine, and the values that it holds: what rules look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .machine import JSONATA, JSONPATH, Scope, StateMachine
from .state import State

# Fields of a state that hold other states.
SCOPE_FIELDS = ("Branches", "ItemProcessor", "Iterator")

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Place:
    """A state in its scope.

    Attributes:
        language: the query language that holds for the state.
    """

    state: State
    scope: Scope
    language: str

    @property
    def uses_jsonata(self) -> bool:
        """Whether the state's expressions are JSONata."""
        return self.language == JSONATA


def places(machine: StateMachine) -> Iterator[Place]:
    """Every state of the machine, each before those inside it."""
    return _places(machine, machine.query_language or JSONPATH)


def _places(scope: Scope, language: str) -> Iterator[Place]:
    for state in scope.states.values():
        yield Place(state, scope, state.query_language or language)
        for inner in state.scopes():
            yield from _places(inner, language)


def own_fields(state: State) -> dict[str, Any]:
    """The state as JSON, without the states inside it."""
    return {name: value for name, value in state.to_dict().items() if name not in SCOPE_FIELDS}


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Everything in a JSON value that is no object and no list, with the keys and indexes that lead to it."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path, value


def spelled(path: Path) -> str:
    """A path as one reads it: `Arguments.Environment[0].Value`."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return text.removeprefix(".")
