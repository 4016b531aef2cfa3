"""Attributes of `@kubernetes`: numbers that are given as text, lists that are given as one, and refusals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeVar

from hera.workflows import models

from metaflow_provider.plan import Refusal, Step

Model = TypeVar("Model", models.SecurityContext, models.Toleration)


def number(step: Step, name: str) -> str:
    """A quantity as Kubernetes writes it, without needless zeros.

    Raises:
        Refusal: it is no number, or not above zero.

    Example:
        With ``@kubernetes(cpu=2.0)``, ``number(step, "cpu")`` is ``"2"``.
    """
    value = _float(step, name)
    if value <= 0 or math.isinf(value):
        raise _wrong(step, name, "a number above 0")
    return str(int(value)) if value.is_integer() else str(value)


def whole_number(step: Step, name: str) -> int:
    """A count, such as of GPUs.

    Raises:
        Refusal: it is no whole number, or below zero.

    Example:
        With ``@kubernetes(gpu="2")``, ``whole_number(step, "gpu")`` is ``2``.
    """
    value = _float(step, name)
    if value < 0 or not value.is_integer():
        raise _wrong(step, name, "a whole number")
    return int(value)


def _float(step: Step, name: str) -> float:
    """The number that an attribute is or spells; -1 for what is none."""
    try:
        value = float(step.compute.attributes[name])
    except (TypeError, ValueError):
        return -1
    return -1 if math.isnan(value) else value


def _wrong(step: Step, name: str, wanted: str) -> Refusal:
    return refusal(step, f"{name}={step.compute.attributes[name]} is not {wanted}", "correct it")


def mapping(step: Step, name: str) -> dict[str, Any]:
    """Names with their values, such as those of volume claims; none when the attribute is not given.

    Raises:
        Refusal: it is no mapping, or one of something else than names.

    Example:
        With ``@kubernetes(node_selector={"pool": "spot"})``, ``mapping(step, "node_selector")`` is that.
    """
    value = step.compute.attributes.get(name) or {}
    if not isinstance(value, Mapping) or not all(isinstance(key, str) and key for key in value):
        raise _wrong(step, name, "a mapping of names")
    return dict(value)


def texts(step: Step, name: str) -> dict[str, str]:
    """As `mapping`, with texts for values.

    Raises:
        Refusal: it is no mapping of names to texts.
    """
    value = mapping(step, name)
    if not all(isinstance(each, str) for each in value.values()):
        raise _wrong(step, name, "a mapping of names to texts")
    return value


def modelled(step: Step, name: str, model: type[Model], data: Any) -> Model:
    """What an attribute says as one of Hera's models.

    Raises:
        Refusal: it has fields that the model does not have, or values of other types.

    Example:
        >>> modelled(step, "security_context", models.SecurityContext, {"privileged": True}).privileged
        True
    """
    known = {each for name, field in model.model_fields.items() for each in (name, field.alias) if each}
    if not isinstance(data, Mapping):
        raise _wrong(step, name, f"a mapping of fields of a {model.__name__}")
    unknown = sorted(str(key) for key in data if key not in known)
    if unknown:
        raise _wrong(step, name, f"a {model.__name__}, which has no field {', '.join(unknown)}")
    try:
        return model(**data)
    except ValueError:
        raise _wrong(step, name, f"a {model.__name__} of Kubernetes") from None


def listed(value: Any) -> list[str]:
    """One or several texts as a list.

    Example:
        >>> listed("regcred"), listed(None)
        (['regcred'], [])
    """
    return [value] if isinstance(value, str) else list(value or [])


def refusal(step: Step, reason: str, remedy: str, decorator: str = "kubernetes") -> Refusal:
    """A refusal of what a decorator of the step says."""
    return Refusal(reason, step=step.name, decorator=decorator, line=step.line, remedy=remedy)
