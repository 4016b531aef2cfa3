"""What all pieces of a definition share: fields under ASL's names, with the unknown ones kept."""

from __future__ import annotations

import dataclasses
import enum
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from .expression import Expression

N = TypeVar("N", bound="Node")


class Null(enum.Enum):
    """The type of `NULL`."""

    NULL = "null"

    def __repr__(self) -> str:
        return self.value.upper()


NULL: Final = Null.NULL
"""JSON's null as the value of a field; Python's `None` stands for a field that is not there."""


@dataclass(frozen=True, repr=False)
class Node:
    """A JSON object of a definition.

    Every field is optional in Python, as a definition that is being read may lack any; `check` tells what is
    missing. `None` means that the field is not there, `NULL` that it is there and null. Expressions given
    as values become their text, sequences become lists (tuples where the field is declared so).

    Attributes:
        extra: fields that this library does not know, under their own names.
    """

    extra: Mapping[str, Any] = field(default_factory=dict, kw_only=True)

    def __post_init__(self) -> None:
        for spec in dataclasses.fields(self):
            value = getattr(self, spec.name)
            if isinstance(value, (Expression, Mapping, list, tuple)):
                plain = as_json(value)
                if isinstance(plain, list) and str(spec.type).startswith("tuple["):
                    plain = tuple(plain)
                object.__setattr__(self, spec.name, plain)

    def __repr__(self) -> str:
        values = ((spec, getattr(self, spec.name)) for spec in dataclasses.fields(self))
        shown = [f"{spec.name}={value!r}" for spec, value in values if value is not None and value != {}]
        return f"{type(self).__name__}({', '.join(shown)})"

    def replace(self: N, **changes: Any) -> N:
        """A copy with some fields changed.

        Raises:
            TypeError: there is no such field.

        Example:
            >>> Pass("a", end=True).replace(next="b", end=None)
        """
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """The JSON object, as `json.dumps` takes it.

        Example:
            >>> Pass("a", end=True).to_dict()
            {'Type': 'Pass', 'End': True}
        """
        values = ((name, getattr(self, python)) for python, name in asl_fields(type(self)).items())
        written = {name: rendered(value) for name, value in values if value is not None}
        return {**written, **self.extra}


def as_json(value: Any) -> Any:
    """A copy of a value in which expressions are text and sequences are lists."""
    if isinstance(value, Expression):
        return str(value)
    if isinstance(value, Mapping):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    return value


def rendered(value: Any) -> Any:
    """A field's value with all nodes in it as JSON objects."""
    if value is NULL:
        return None
    if isinstance(value, Node):
        return value.to_dict()
    if isinstance(value, dict):
        return {key: rendered(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rendered(item) for item in value]
    return value


def asl_fields(kind: type[Node]) -> dict[str, str]:
    """The fields of a class that are written: Python name -> name in ASL."""
    hashable: Any = kind  # mypy takes a class for unhashable when its instances are
    return _asl_fields(hashable)


@functools.cache
def _asl_fields(kind: type[Node]) -> dict[str, str]:
    return {
        spec.name: spec.metadata.get("asl", _pascal(spec.name))
        for spec in dataclasses.fields(kind)
        if spec.name != "extra" and spec.metadata.get("written", True)
    }


def _pascal(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))
