"""Names of states: a step's own, and those of the states that help it."""

from __future__ import annotations

import hashlib

# https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
LONGEST = 80


def state_name(step: str, role: str = "") -> str:
    """The name of a step's state; a `role` such as `each` tells its helpers apart. No step has a dot in it.

    Example:
        >>> state_name("fan"), state_name("fan", "each")
        ('fan', 'fan.each')
    """
    suffix = f".{role}" if role else ""
    if len(step) + len(suffix) <= LONGEST:
        return step + suffix
    digest = hashlib.sha256(step.encode()).hexdigest()[:12]
    return f"{step[: LONGEST - len(suffix) - 13]}-{digest}{suffix}"
