"""Text as the value of a tag in AWS, which takes few characters.

https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#concepts-tagging
"""

from __future__ import annotations

import re
import unicodedata

from metaflow_provider.plan import Refusal

_LONGEST_VALUE = 256
_ALLOWED_MARKS = "_.:/+-@"


def encoded(key: str, value: str) -> str:
    r"""A value in the characters that AWS takes; others as in quoted-printable text.

    Raises:
        Refusal: it is too long for a tag.

    Example:
        >>> encoded("metaflow.owner", "corp\\\\ada")
        'corp=5Cada'
    """
    text = "".join(char if _allowed(char) else _code(char) for char in value)
    if len(text) > _LONGEST_VALUE:
        raise Refusal(f"{key} is {value[:40]}…, longer than the {_LONGEST_VALUE} characters of a tag in AWS")
    return text


def decoded(text: str) -> str:
    """The value that was encoded."""
    spelled = re.sub(rb"=([0-9A-F]{2})", lambda code: bytes.fromhex(code[1].decode()), text.encode())
    return spelled.decode(errors="replace")


def _allowed(char: str) -> bool:
    return char in _ALLOWED_MARKS or unicodedata.category(char)[0] in "LNZ"


def _code(char: str) -> str:
    return "".join(f"={byte:02X}" for byte in char.encode(errors="replace"))
