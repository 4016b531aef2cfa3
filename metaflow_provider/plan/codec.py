"""FlowPlan <-> JSON: strict, deterministic, and able to read what older versions wrote."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import types
import typing
from collections.abc import Callable
from typing import Any, TypeVar

from metaflow_extensions.orchestrators.core.graph import KINDS, GraphError

from .model import SCHEMA, FlowPlan

T = TypeVar("T")

# From the schema that a plan was written with to the next one.
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


class PlanError(ValueError):
    """A plan file that cannot be used; the message says what is wrong with it and what to do."""


def dumps(plan: FlowPlan) -> str:
    """The plan as JSON text: the same plan gives the same bytes, one step a line.

    Fields that hold their default are left out.

    Example:
        >>> loads(dumps(plan)) == plan
        True
    """
    data = _encode(plan)
    data["schema"] = plan.schema
    steps = ",\n".join("  " + _line(step) for step in data.pop("steps"))
    head = ",\n".join(f" {json.dumps(key)}: {_line(value)}" for key, value in sorted(data.items()))
    return f'{{\n{head},\n "steps": [\n{steps}\n ]\n}}\n'


def loads(text: str) -> FlowPlan:
    """The plan that `text` holds, brought to today's schema.

    Raises:
        PlanError: not JSON, from a newer version, unknown or missing fields, wrong types, or steps that
            do not form a flow.
    """
    try:
        data = json.loads(text)
    except ValueError as error:
        raise PlanError(f"The plan is not complete JSON ({error}); compile the flow again") from None
    if not isinstance(data, dict) or not isinstance(data.get("schema"), int):
        raise PlanError("This is not a plan: it has no schema number; compile the flow again")
    plan: FlowPlan = _decode(FlowPlan, _migrate(data), "plan")
    _validate(plan)
    return plan


def digest(plan: FlowPlan) -> str:
    """Short content address: changes when what would be deployed changes.

    The package counts by the digest of its files: its address also depends on who packed it and where.
    """
    code = plan.code and dataclasses.replace(plan.code, url="", sha="")
    return hashlib.sha256(dumps(dataclasses.replace(plan, code=code)).encode()).hexdigest()[:16]


def _line(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _encode(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        pairs = ((f, getattr(value, f.name)) for f in dataclasses.fields(value))
        return {f.name: _encode(item) for f, item in pairs if item != _default(f)}
    if isinstance(value, (tuple, list)):
        return [_encode(item) for item in value]
    return value


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _migrate(data: dict[str, Any]) -> dict[str, Any]:
    if data["schema"] > SCHEMA:
        raise PlanError(
            f"The plan has schema {data['schema']}, this version reads up to {SCHEMA}; "
            "upgrade metaflow-orchestrators where the plan is loaded, or compile the flow again"
        )
    while data["schema"] < SCHEMA:
        migration = MIGRATIONS.get(data["schema"])
        if migration is None:
            raise PlanError(
                f"The plan has schema {data['schema']}, which never existed; compile the flow again"
            )
        data = migration(data)
    return data


def _decode(kind: Any, value: Any, where: str) -> Any:
    """`value` as an instance of `kind`; `where` is its place in the plan, for messages."""
    if kind is Any:
        return value
    if dataclasses.is_dataclass(kind):
        return _decode_object(kind, value, where)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        inner = next(a for a in arguments if a is not type(None))
        return None if value is None else _decode(inner, value, where)
    if origin is tuple:
        _expect(isinstance(value, list), where, "a list", value)
        return tuple(_decode(arguments[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if origin is dict:
        _expect(isinstance(value, dict), where, "an object", value)
        return {key: _decode(arguments[1], item, f"{where}.{key}") for key, item in value.items()}
    _expect(type(value) is kind, where, kind.__name__, value)
    return value


def _decode_object(kind: Any, value: Any, where: str) -> Any:
    _expect(isinstance(value, dict), where, "an object", value)
    hints, required = _fields(kind)
    unknown = sorted(set(value) - set(hints))
    if unknown:
        raise PlanError(
            f"{where} has the unknown field {unknown[0]!r}; it was edited, or written by another version"
        )
    missing = sorted(required - set(value))
    if missing:
        raise PlanError(f"{where} lacks the field {missing[0]!r}; compile the flow again")
    return kind(**{key: _decode(hints[key], item, f"{where}.{key}") for key, item in value.items()})


@functools.cache
def _fields(kind: Any) -> tuple[dict[str, Any], set[str]]:
    required = {
        f.name
        for f in dataclasses.fields(kind)
        if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    }
    return typing.get_type_hints(kind), required


def _expect(holds: bool, where: str, expected: str, value: Any) -> None:
    if not holds:
        raise PlanError(f"{where} should be {expected}, it is {type(value).__name__}; compile the flow again")


def _validate(plan: FlowPlan) -> None:
    if not plan.steps:
        raise PlanError("The plan has no steps; compile the flow again")
    names = [step.name for step in plan.steps]
    if len(set(names)) != len(names):
        raise PlanError("The plan has two steps of one name; compile the flow again")
    for step in plan.steps:
        if step.kind not in KINDS:
            raise PlanError(f"Step {step.name} is of the unknown kind {step.kind!r}; compile the flow again")
    try:
        _ = plan.graph
    except GraphError as error:
        raise PlanError(f"The plan's steps do not form a flow: {error}") from None
