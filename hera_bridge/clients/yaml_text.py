"""JSON data as YAML for people, on which every reader of YAML 1.1 and 1.2 agrees.

Written here because importing Hera changes how PyYAML writes strings in the whole process, and Hera's own
`to_yaml` breaks texts with `{{`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*")
# YAML 1.1 takes these for booleans or null.
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
# What JSON leaves as it is, and YAML does not take or takes for a line break.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_PRINTABLE_LINES = re.compile(r"[^\x00-\x08\x0b-\x1f]*")


def to_yaml(data: Any) -> str:
    """The data as a YAML document. Texts of several lines are blocks.

    Args:
        data: of what JSON knows.

    Example:
        >>> print(to_yaml({"metadata": {"name": "train"}, "on": "1"}), end="")
        metadata:
          name: train
        "on": "1"
    """
    return "\n".join(_lines(data)) + "\n"


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _after(f"{_inline(str(key))}:", item, deeper="  ")
    elif isinstance(value, (list, tuple)) and value:
        for item in value:
            yield from _item(item)
    else:
        yield _inline(value)


def _after(start: str, item: Any, deeper: str) -> Iterator[str]:
    """A key with its value: behind it, or below it."""
    if isinstance(item, str) and _is_block(item):
        yield from _block(start, item, deeper)
    elif isinstance(item, (Mapping, list, tuple)) and item:
        yield start
        yield from (deeper + line if line else line for line in _lines(item))
    else:
        yield f"{start} {_inline(item)}"


def _item(item: Any) -> Iterator[str]:
    """An item of a list, its first line behind the dash."""
    if isinstance(item, str) and _is_block(item):
        yield from _block("-", item, deeper="  ")
        return
    for number, line in enumerate(_lines(item)):
        yield f"{'  ' if number else '- '}{line}" if line else line


def _block(start: str, text: str, deeper: str) -> Iterator[str]:
    """A text of several lines, as it is."""
    yield f"{start} {'|' if text.endswith(chr(10)) else '|-'}"
    yield from (deeper + line if line else line for line in text.removesuffix("\n").split("\n"))


def _is_block(text: str) -> bool:
    """Whether a text can be a block: printable lines, the first not indented, none empty at the end."""
    if "\n" not in text or text[0] in " \n" or text.endswith("\n\n") or text.rstrip("\n") == "":
        return False
    return _UNPRINTABLE.search(text) is None and _PRINTABLE_LINES.fullmatch(text) is not None


def _inline(value: Any) -> str:
    if isinstance(value, float):
        return _number(value)
    if not isinstance(value, str):
        return json.dumps(value)
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)


def _number(value: float) -> str:
    """A number, with the point without which YAML 1.1 takes `1e-05` for a text."""
    text = json.dumps(value, allow_nan=False)
    return text if "." in text else text.replace("e", ".0e")
