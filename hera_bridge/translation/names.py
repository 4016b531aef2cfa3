"""Names of templates and tasks: those of the steps, as far as Argo takes them, and unique.

https://argo-workflows.readthedocs.io/en/latest/fields/#dagtask
"""

from __future__ import annotations

import hashlib
import itertools
import re

LONGEST = 128
# Templates, and tasks, that are no step's.
GATE = "gate"
GANG_SERVICE = "gang-service"
HEARTBEAT = "heartbeat-daemon"
EXIT = "exit-handler"
CAPTURE = "error-msg-capture-hook"
_RESERVED = (GATE, GANG_SERVICE, HEARTBEAT, EXIT, CAPTURE)
_FORBIDDEN = re.compile(r"[^a-zA-Z0-9-]")


class Names:
    """Gives out names of one workflow, each once.

    Example:
        >>> names = Names()
        >>> names.unique("train_model"), names.unique("train_model", "each")
        ('train-model', 'train-model--each')
    """

    def __init__(self) -> None:
        self._taken: set[str] = set(_RESERVED)

    def take(self, name: str) -> None:
        """Give a name out elsewhere."""
        self._taken.add(name)

    def unique(self, step: str, role: str = "") -> str:
        """The name of a step's own task, or of a helper with a `role`.

        Steps whose names Argo cannot tell apart, such as `_a` and `a`, stay apart by a number.
        """
        wanted = name = argo_name(step, role)
        for number in itertools.count(2):
            if name not in self._taken:
                break
            name = f"{wanted[: LONGEST - 6]}-{number}"
        self._taken.add(name)
        return name


def argo_name(step: str, role: str = "") -> str:
    """A step's name with the characters that Argo takes, beginning with a letter.

    Example:
        >>> argo_name("train_model"), argo_name("_1st")
        ('train-model', 's-1st')
    """
    plain = _FORBIDDEN.sub("-", step).lstrip("-")
    if not plain or plain[0].isdigit():
        plain = f"s-{plain}"
    name = f"{plain}--{_FORBIDDEN.sub('-', role)}" if role else plain
    return name if len(name) <= LONGEST else _with_digest(name, step, role)


def _with_digest(name: str, step: str, role: str) -> str:
    digest = hashlib.sha256(f"{step}.{role}".encode()).hexdigest()[:8]
    return f"{name[: LONGEST - 9]}-{digest}"
