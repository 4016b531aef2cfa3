"""How Batch refuses a request."""

from __future__ import annotations


class ClientException(Exception):
    """The request is wrong: the one error of the Batch API that a caller can do something about."""
