"""Names of states, a step's own and those of the states that help it, and labels of Map states."""

from __future__ import annotations

import hashlib

from .limits import LONGEST_LABEL, LONGEST_STATE_NAME


def state_name(step: str, role: str = "") -> str:
    """The name of a step's state; a `role` such as `each` tells its helpers apart. No step has a dot in it.

    Example:
        >>> state_name("fan"), state_name("fan", "each")
        ('fan', 'fan.each')
    """
    suffix = f".{role}" if role else ""
    return _cut(step, LONGEST_STATE_NAME - len(suffix)) + suffix


def label(step: str) -> str:
    """The label of a foreach step's Map state, which names the runs of its items.

    Example:
        >>> label("fan")
        'fan'
    """
    return _cut(step, LONGEST_LABEL)


def _cut(step: str, longest: int) -> str:
    """At most so many characters; names that begin alike stay apart."""
    if len(step) <= longest:
        return step
    digest = hashlib.sha256(step.encode()).hexdigest()[:12]
    return f"{step[: longest - 13]}-{digest}"
