"""Which operation of which AWS service an HTTP request is, by botocore's models."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import botocore.session
from werkzeug.wrappers import Request

SIGNED_AS = {"states": "stepfunctions"}
CREDENTIAL = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")


@dataclass(frozen=True)
class Route:
    operation: str
    method: str
    path: re.Pattern[str]
    query: frozenset[str]

    def fits(self, request: Request) -> bool:
        named = self.query <= request.args.keys()
        return request.method == self.method and named and self.path.fullmatch(request.path) is not None


def service_of(request: Request) -> str:
    """boto3's name of the service that a signed request is for; empty when it is not signed."""
    match = CREDENTIAL.search(request.headers.get("Authorization", ""))
    return SIGNED_AS.get(match[1], match[1]) if match else ""


def operation_of(service: str, request: Request) -> str:
    """The API's name of the operation; empty for what is not known, such as those of IAM and STS."""
    target = request.headers.get("X-Amz-Target")
    if target is not None:
        return target.rsplit(".", 1)[-1]
    fitting = [route for route in _routes(service) if route.fits(request)]
    return max(fitting, key=lambda route: len(route.query)).operation if fitting else ""


@cache
def _routes(service: str) -> list[Route]:
    try:
        model = botocore.session.get_session().get_service_model(service)
    except botocore.exceptions.UnknownServiceError:
        return []
    return [_route(model.operation_model(name)) for name in model.operation_names]


def _route(operation: Any) -> Route:
    path, _, query = operation.http["requestUri"].partition("?")
    pattern = "".join(
        ".+" if part.endswith("+}") else "[^/]+" if part.startswith("{") else re.escape(part)
        for part in re.split(r"(\{[^}]+\})", path)
    )
    keys = frozenset(key for key, _ in parse_qsl(query, keep_blank_values=True))
    return Route(operation.name, operation.http["method"], re.compile(pattern), keys)
