"""Calls of one AWS service, which fail with `AwsError` alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Protocol

from .errors import AwsError, translated


class Clients(Protocol):
    """Where the boto3 client of a service comes from."""

    def client(self, service: str) -> Any:
        """The client of a service, by boto3's name."""


class Service:
    """Base of the façades.

    Args:
        clients: gives the client, which is made on first use.
    """

    service = ""
    """boto3's name."""
    prefix = ""
    """What permissions begin with; empty: boto3's name."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def _call(self, action: str, resource: str, **arguments: Any) -> dict[str, Any]:
        """The answer to a call.

        Args:
            action: as the API names it, such as `StartExecution`.
            resource: what it is about, for messages.
            **arguments: as boto3 takes them.
        """
        client = self._clients.client(self.service)
        with translated(self._permission(action), resource):
            answer: dict[str, Any] = getattr(client, _method(action))(**arguments)
        return answer

    def _find(
        self, action: str, resource: str, absent: Collection[str], **arguments: Any
    ) -> dict[str, Any] | None:
        """The answer to a call; `None` when the error's code is one of `absent`."""
        try:
            return self._call(action, resource, **arguments)
        except AwsError as error:
            if error.code in absent:
                return None
            raise

    def _pages(self, action: str, resource: str, key: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        """The items under `key` of every page of an answer, a page fetched when it is needed."""
        client = self._clients.client(self.service)
        with translated(self._permission(action), resource):
            for page in client.get_paginator(_method(action)).paginate(**arguments):
                yield from page.get(key, [])

    def _permission(self, action: str) -> str:
        return f"{self.prefix or self.service}:{action}"


def _method(action: str) -> str:
    from botocore import xform_name

    return str(xform_name(action))
