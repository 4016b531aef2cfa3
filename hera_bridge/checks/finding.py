"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass

ERROR = "error"
WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with an object.

    Attributes:
        object: kind and name, as in `WorkflowTemplate/train`.
        place: where in it, as in `template 'end'`; empty: the object as a whole.
        rule: short name of the rule, as in `template-missing`.
        message: what is wrong, in one line.
        severity: `error`: Kubernetes or Argo refuses it, or it fails when it runs; `warning`: it runs, but
            hardly as meant.

    Example:
        >>> str(Finding("WorkflowTemplate/train", "onExit", "template-missing", "there is no template 'e'"))
        "WorkflowTemplate/train, onExit: there is no template 'e' [template-missing]"
    """

    object: str
    place: str
    rule: str
    message: str
    severity: str = ERROR

    def __str__(self) -> str:
        where = f"{self.object}, {self.place}" if self.place else self.object
        text = f"{where}: {self.message} [{self.rule}]"
        # Names may hold line breaks.
        return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
