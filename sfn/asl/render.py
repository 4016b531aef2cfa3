"""A definition as text: one form for each content, whatever the order in which it was put together."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def compact(definition: Any) -> str:
    """JSON without blanks, keys in order, characters beyond ASCII as they are.

    Raises:
        ValueError: a number that JSON does not have (NaN, infinity).
    """
    return json.dumps(definition, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(definition: Any) -> str:
    """SHA-256 of the compact text, in hex."""
    return hashlib.sha256(_bytes(definition)).hexdigest()


def size(definition: Any) -> int:
    """Bytes of the compact text."""
    return len(_bytes(definition))


def _bytes(definition: Any) -> bytes:
    # JSON text can spell half of a surrogate pair, which UTF-8 proper has no bytes for.
    return compact(definition).encode(errors="surrogatepass")
