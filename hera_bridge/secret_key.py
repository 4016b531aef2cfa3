"""How secrets are named without being told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SecretKey:
    """One key of a Kubernetes Secret.

    Example:
        >>> SecretKey("slack", "url")
        SecretKey(secret='slack', key='url')
    """

    secret: str
    key: str
