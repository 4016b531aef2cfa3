"""Python values in a form that JSON holds and `==` compares: types kept, sets sorted, long text shortened.

A leaf is its `repr`; a container or an object is a list that opens with its type. Values that carry paths,
line numbers or identities (tracebacks, cycles) are reduced to what two equal runs share.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any, TypeAlias

Canonical: TypeAlias = "str | list[Canonical]"

LONGEST_LEAF = 1000
ORDERED_KINDS = ("list", "tuple")


def canonical(value: object) -> Canonical:
    """`value`, of any type that pickles, in canonical form.

    >>> canonical({"b": {2, 1}, "a": (True, 1.0)})
    ['dict', ["'a'", ['tuple', 'True', '1.0']], ["'b'", ['set', '1', '2']]]
    """
    return _canonical(value, frozenset())


def unordered(value: Canonical) -> Canonical:
    """`value` with every list and tuple in it sorted: equal for two values that differ in order alone."""
    if isinstance(value, str):
        return value
    items = [unordered(item) for item in value]
    return [items[0], *_sorted(items[1:])] if items[0] in ORDERED_KINDS else items


def text(value: Canonical) -> str:
    """One line for people: `['list', '1']` is `list(1)`."""
    if isinstance(value, str):
        return value
    if isinstance(value[0], str):
        return f"{value[0]}({', '.join(text(item) for item in value[1:])})"
    return f"({', '.join(text(item) for item in value)})"


def _canonical(value: object, outer: frozenset[int]) -> Canonical:
    kind = type(value)
    if value is None or kind in (bool, int, float, complex, str, bytes):
        return _leaf(value)
    if isinstance(value, (type, FunctionType)):
        return f"{value.__module__}.{value.__qualname__}"
    if id(value) in outer:
        return "<cycle>"
    inside = outer | {id(value)}
    if kind is list or kind is tuple:
        return [kind.__name__, *(_canonical(item, inside) for item in _items(value))]
    if kind is set or kind is frozenset:
        return [kind.__name__, *_sorted([_canonical(item, inside) for item in _items(value)])]
    if kind is dict:
        return [kind.__name__, *_pairs(_items(value.items()), inside)]  # type: ignore[attr-defined]
    return _object(value, inside)


def _object(value: Any, outer: frozenset[int]) -> Canonical:
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if isinstance(value, StandIn):
        return [kind, *(_canonical(part, outer) for part in value.parts())]
    if kind == "metaflow.exception.MetaflowExceptionWrapper":
        # The rest of the message, and the traceback, hold paths and line numbers.
        return [kind, value.type, _leaf(value.exception.partition("\n")[0])]
    _, arguments, *rest = value.__reduce_ex__(2)
    state, items, pairs = (*rest[:3], None, None, None)[:3]
    parts = [_canonical(arguments, outer), _canonical(state, outer)]
    parts += [_canonical(item, outer) for item in items or ()]
    return [kind, *parts, *_pairs(pairs or (), outer)]


def _leaf(value: object) -> str:
    written = repr(value)
    if len(written) <= LONGEST_LEAF:
        return written
    digest = hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{written[:40]}... {type(value).__name__} of {len(written)} characters, sha256 {digest}"


def _items(value: Any) -> Iterator[Any]:
    return iter(value)


def _pairs(pairs: Any, outer: frozenset[int]) -> list[Canonical]:
    return _sorted([[_canonical(key, outer), _canonical(item, outer)] for key, item in pairs])


def _sorted(items: list[Canonical]) -> list[Canonical]:
    return sorted(items, key=json.dumps)


class StandIn:
    """An object of a class that only the flow's file defines: what its pickle holds, without the class."""

    def __new__(cls, *arguments: object) -> StandIn:
        made = super().__new__(cls)
        made._arguments, made._state, made._items, made._pairs = arguments, None, [], []
        return made

    _arguments: tuple[object, ...]
    _state: object
    _items: list[object]
    _pairs: list[tuple[object, object]]

    def __setstate__(self, state: object) -> None:
        self._state = state

    def append(self, item: object) -> None:
        self._items.append(item)

    def __setitem__(self, key: object, item: object) -> None:
        self._pairs.append((key, item))

    def parts(self) -> tuple[object, ...]:
        """What the object was made of, its empty parts left out."""
        return tuple(part for part in (self._arguments, self._state, self._items, self._pairs) if part)


class _FlowFile(ModuleType):
    """Stands for the flow's file as `__main__`: each class asked of it is a stand-in of that name."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        made = type(name, (StandIn,), {"__module__": "__main__"})
        setattr(self, name, made)
        return made


@contextlib.contextmanager
def stand_ins() -> Iterator[None]:
    """While this is open, artifacts of classes that the flow's file defines load as stand-ins."""
    from metaflow.tuple_util import ForeachFrame

    main, flow_file = sys.modules["__main__"], _FlowFile("__main__")
    flow_file.ForeachFrame = ForeachFrame  # type: ignore[attr-defined]
    sys.modules["__main__"] = flow_file
    try:
        yield
    finally:
        sys.modules["__main__"] = main
