"""A definition as objects: any JSON that has the shape of one, its mistakes and unknown fields kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, NoReturn, TypeVar

from .finding import Finding, ParseError
from .machine import Branch, ItemProcessor, Scope, StateMachine
from .node import NULL, Node, asl_fields
from .parts import (
    Catch,
    ChoiceRule,
    ItemBatcher,
    ItemReader,
    ProcessorConfig,
    ReaderConfig,
    ResultWriter,
    Retry,
    WriterConfig,
)
from .state import State
from .states import STATE_TYPES

N = TypeVar("N", bound=Node)
C = TypeVar("C", bound=Scope)

_SCOPES: dict[str, type[Scope]] = {"ItemProcessor": ItemProcessor, "Iterator": ItemProcessor}
_OBJECTS: dict[str, type[Node]] = {
    "ItemReader": ItemReader,
    "ReaderConfig": ReaderConfig,
    "ItemBatcher": ItemBatcher,
    "ResultWriter": ResultWriter,
    "WriterConfig": WriterConfig,
    "ProcessorConfig": ProcessorConfig,
}
_LISTS: dict[str, type[Node]] = {"Retry": Retry, "Catch": Catch, "Choices": ChoiceRule}


def parse(definition: str | Mapping[str, Any]) -> StateMachine:
    """The machine that a definition describes, given as JSON text or as the object in it.

    What comes out says the same as what went in: `parse(d).to_dict() == d`. Whether AWS would take it is the
    question of `check`.

    Raises:
        ParseError: not JSON, a key twice in one object, a state of no known type, or a place where an object
            or a list has to be holds something else. The message is one line that names the state.

    Example:
        >>> parse('{"StartAt": "a", "States": {"a": {"Type": "Succeed"}}}').states["a"]
        Succeed(name='a')
    """
    data = _load(definition) if isinstance(definition, str) else definition
    if not isinstance(data, Mapping):
        _refuse("", "not-an-object", f"the definition is {_kind(data)}, not an object")
    return _scope(StateMachine, data, "", "the definition")


def _load(text: str) -> Any:
    try:
        data = json.loads(text, object_pairs_hook=_Pairs, parse_constant=_not_json)
    except ValueError as error:
        _refuse("", "not-json", f"the definition is not JSON: {error}")
    for path, key in _repeated(data, ()):
        _refuse_repeated(path, key)
    return data


class _Pairs(dict[str, Any]):
    """An object that remembers which of its keys it was given twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        keys = [key for key, _ in pairs]
        self.twice = [key for key in self if keys.count(key) > 1] if len(keys) > len(self) else []


def _not_json(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _repeated(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, _Pairs):
        for key in value.twice:
            yield path, key
        for key, item in value.items():
            yield from _repeated(item, (*path, key))
    elif isinstance(value, list):
        for item in value:
            yield from _repeated(item, path)


def _refuse_repeated(path: tuple[str, ...], key: str) -> NoReturn:
    if path and path[-1] == "States":
        _refuse(key, "duplicate-key", f"the definition has two states {key!r} in one object")
    owners = [name for above, name in pairwise(path) if above == "States"]
    inside = path[path.index(owners[-1]) + 1 :] if owners else path
    place = ".".join(inside) or ("the state" if owners else "the definition")
    _refuse(owners[-1] if owners else "", "duplicate-key", f"{place} has the key {key!r} twice")


def _scope(kind: type[C], data: Any, state: str, place: str) -> C:
    data = _object(data, state, place)
    for name in ("StartAt", "States"):
        if name not in data:
            _refuse(state, "missing-field", f"{place} has no {name}")
    if not isinstance(data["StartAt"], str):
        _refuse(state, "not-text", f"StartAt is {_kind(data['StartAt'])}, not the name of a state")
    states = _object(data["States"], state, "States")
    parsed = {name: _state(name, body) for name, body in states.items()}
    return _node(kind, {k: v for k, v in data.items() if k != "States"}, state, {"states": parsed})


def _state(name: str, data: Any) -> State:
    data = _object(data, name, "the state")
    kind = STATE_TYPES.get(data["Type"]) if isinstance(data.get("Type"), str) else None
    if kind is None:
        known = ", ".join(STATE_TYPES)
        given = f"Type {data['Type']!r}" if "Type" in data else "no Type"
        _refuse(name, "unknown-type", f"it has {given}; states are of one of the types {known}")
    return _node(kind, {k: v for k, v in data.items() if k != "Type"}, name, {"name": name})


def _node(kind: type[N], data: Mapping[str, Any], state: str, fields: dict[str, Any]) -> N:
    python_names = {name: python for python, name in asl_fields(kind).items()}
    for name, value in data.items():
        if name in python_names:
            fields[python_names[name]] = _value(name, value, state)
    return kind(**fields, extra={name: value for name, value in data.items() if name not in python_names})


def _value(name: str, value: Any, state: str) -> Any:
    if name in _OBJECTS:
        return _node(_OBJECTS[name], _object(value, state, name), state, {})
    if name in _SCOPES:
        return _scope(_SCOPES[name], value, state, name)
    if name == "Branches":
        branches = _list(value, state, name)
        return tuple(_scope(Branch, item, state, f"Branches[{i}]") for i, item in enumerate(branches))
    if name in _LISTS:
        items = (_object(item, state, f"{name}[{i}]") for i, item in enumerate(_list(value, state, name)))
        return tuple(_node(_LISTS[name], item, state, {}) for item in items)
    return NULL if value is None else value


def _object(value: Any, state: str, place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        _refuse(state, "not-an-object", f"{place} is {_kind(value)}, not an object")
    return value


def _list(value: Any, state: str, place: str) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        _refuse(state, "not-a-list", f"{place} is {_kind(value)}, not a list")
    return list(value)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, (list, tuple)):
        return "a list"
    return "text" if isinstance(value, str) else repr(value)


def _refuse(state: str, rule: str, message: str) -> NoReturn:
    raise ParseError(Finding(state, rule, message))
