"""Attributes of `@kubernetes`: numbers that are given as text, lists that are given as one, and refusals."""

from __future__ import annotations

from typing import Any

from metaflow_provider.plan import Refusal, Step


def number(step: Step, name: str) -> str:
    """A quantity as Kubernetes writes it, without needless zeros.

    Raises:
        Refusal: it is no number, or not above zero.

    Example:
        With ``@kubernetes(cpu=2.0)``, ``number(step, "cpu")`` is ``"2"``.
    """
    given = step.compute.attributes[name]
    try:
        value = float(given)
    except (TypeError, ValueError):
        value = 0.0
    if value <= 0:
        raise refusal(step, f"{name}={given} is not a number above 0", "correct it")
    return str(int(value)) if value.is_integer() else str(value)


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
