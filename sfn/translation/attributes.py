"""Attributes of `@batch`: numbers that are given as text, and what is said of wrong ones."""

from __future__ import annotations

import re

from metaflow_provider.plan import Refusal, Step


def whole_number(step: Step, name: str, least: int, most: int | None = None) -> int:
    """The whole number that an attribute says.

    Raises:
        Refusal: it says none, or one outside of `least` to `most`.

    Example:
        With ``@batch(tmpfs_size="64")``, ``whole_number(step, "tmpfs_size", 1)`` is 64.
    """
    given = str(step.compute.attributes[name])
    value = int(float(given)) if re.fullmatch(r"\d+(\.0*)?", given) else -1
    if value < least or (most is not None and value > most):
        allowed = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise refusal(step, f"{name}={given} is not a whole number {allowed}", "correct it")
    return value


def refusal(step: Step, reason: str, remedy: str, decorator: str = "batch") -> Refusal:
    """A refusal of what a decorator of the step says."""
    return Refusal(reason, step=step.name, decorator=decorator, line=step.line, remedy=remedy)
