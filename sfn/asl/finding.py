"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass

ERROR = "error"
WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a definition.

    Attributes:
        state: name of the state; empty: the machine as a whole.
        rule: short name of the rule, as in `target-missing`.
        message: what is wrong, in one line.
        severity: `error`: AWS refuses it or it fails when it runs; `warning`: it runs, but hardly as meant.

    Example:
        >>> str(Finding("train", "target-missing", "Next names 'evaluate', which is no state"))
        "state 'train': Next names 'evaluate', which is no state [target-missing]"
    """

    state: str
    rule: str
    message: str
    severity: str = ERROR

    def __str__(self) -> str:
        where = f"state {self.state!r}" if self.state else "the machine"
        text = f"{where}: {self.message} [{self.rule}]"
        # Names of fields and the like may hold line breaks.
        return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


class ParseError(ValueError):
    """A definition that cannot be read; its text is that of the finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding
