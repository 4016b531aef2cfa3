"""Which Python files may hold a flow, by their text alone; no other is executed."""

from __future__ import annotations

import re

_DERIVED_CLASS = re.compile(rb"^class\s+(\w+)\s*\(\s*\w", re.MULTILINE)


def is_script(text: bytes) -> bool:
    """Whether the file does something when it is run as a script."""
    return b"__main__" in text


def may_hold_a_flow(text: bytes) -> bool:
    r"""Whether the file mentions `FlowSpec`, or is a script that starts a class with a base of its own.

    Example:
        >>> may_hold_a_flow(b"class Train(TeamFlow): ...\nif __name__ == '__main__':\n    Train()")
        True
    """
    if b"FlowSpec" in text:
        return True
    classes = _DERIVED_CLASS.findall(text) if is_script(text) else []
    return any(re.search(rb"\b" + name + rb"\(\s*\)", text) for name in classes)
