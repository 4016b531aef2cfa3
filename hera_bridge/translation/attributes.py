"""Attributes of `@kubernetes`: numbers that are given as text, lists that are given as one, and refusals."""

from __future__ import annotations

import math
from typing import Any

from metaflow_provider.plan import Refusal, Step


def number(step: Step, name: str) -> str:
    """A quantity as Kubernetes writes it, without needless zeros.

    Raises:
        Refusal: it is no number, or not above zero.

    Example:
        With ``@kubernetes(cpu=2.0)``, ``number(step, "cpu")`` is ``"2"``.
    """
    value = _float(step, name)
    if value <= 0 or math.isinf(value):
        raise _no_number(step, name, "a number above 0")
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
        raise _no_number(step, name, "a whole number")
    return int(value)


def _float(step: Step, name: str) -> float:
    """The number that an attribute is or spells; -1 for what is none."""
    try:
        value = float(step.compute.attributes[name])
    except (TypeError, ValueError):
        return -1
    return -1 if math.isnan(value) else value


def _no_number(step: Step, name: str, wanted: str) -> Refusal:
    return refusal(step, f"{name}={step.compute.attributes[name]} is not {wanted}", "correct it")


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
