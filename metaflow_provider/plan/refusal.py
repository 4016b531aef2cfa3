"""What cannot be done is refused by one exception, before anything outside has changed."""

from __future__ import annotations


class Refusal(Exception):
    """A flow, or a wish about it, that cannot be met.

    Args:
        reason: what is refused, and why, in one sentence.
        step: the step it is about.
        decorator: the decorator it is about, without the `@`.
        line: line of the flow file.
        remedy: the nearest way out.

    Example:
        >>> str(Refusal("a time zone is not known", decorator="schedule", remedy="use an IANA name"))
        '@schedule: a time zone is not known; use an IANA name'
    """

    def __init__(
        self,
        reason: str,
        *,
        step: str = "",
        decorator: str = "",
        line: int = 0,
        remedy: str = "",
    ) -> None:
        self.reason = reason
        self.step = step
        self.decorator = decorator
        self.line = line
        self.remedy = remedy
        super().__init__(self._text())

    def _text(self) -> str:
        place = [f"step {self.step}" if self.step else "", f"@{self.decorator}" if self.decorator else ""]
        where = ", ".join(p for p in place if p) + (f" (line {self.line})" if self.line else "")
        text = f"{where}: {self.reason}" if where else self.reason
        return f"{text}; {self.remedy}" if self.remedy else text
