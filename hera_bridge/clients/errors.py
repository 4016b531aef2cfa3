"""Whatever goes wrong with a call of Kubernetes or of the Argo Server, as one exception with one line."""

from __future__ import annotations

import json
import re
from typing import Any

from metaflow_provider.deployment import ServiceError

UNREACHABLE, NOT_INSTALLED, EXPIRED, FORBIDDEN = "Unreachable", "NotInstalled", "Unauthorized", "Forbidden"
CONFLICT, EXISTS, INVALID, NOT_FOUND, BUSY = "Conflict", "AlreadyExists", "Invalid", "NotFound", "Busy"

_LONGEST = 600
_NEEDED = re.compile(r'cannot (?P<verb>\w+) resource "(?P<plural>\w+)" in API group "(?P<group>[^"]*)"')
_TOO_LARGE = re.compile(r"etcdserver: request is too large|Request entity too large|larger than max")
_WRONG_TYPE = re.compile(r"failed to create typed patch object")
_INSTALL = "https://argo-workflows.readthedocs.io/en/latest/installation/"


class ArgoError(ServiceError):
    """A call of Kubernetes or of the Argo Server that failed; its code is the reason, in Kubernetes' words.

    Example:
        >>> str(ArgoError("get workflows/a: the cluster cannot be reached; check it", UNREACHABLE))
        'get workflows/a: the cluster cannot be reached; check it'
    """


def answered(status: int, body: bytes, verb: str, resource: str, where: str) -> ArgoError:
    """The error that an answer says.

    Args:
        status: of HTTP.
        body: of the answer, a Kubernetes `Status` or text.
        verb: as in roles, such as `patch`.
        resource: what it is about, such as `workflowtemplates.argoproj.io/train`.
        where: cluster and namespace.

    Example:
        >>> answered(429, b"", "get", "workflows.argoproj.io/a", "namespace default of https://c").code
        'Busy'
    """
    said = _status(body)
    message = one_line(str(said.get("message") or body.decode(errors="replace") or f"HTTP {status}"))
    code, explained = _explained(status, said, message, verb, resource, where)
    return ArgoError(f"{verb} {resource} in {where}: {explained}", code)


def one_line(text: str) -> str:
    """Text without line breaks, cut where it is very long."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def not_installed(where: str) -> ArgoError:
    """The error of a cluster without Argo's resource definitions."""
    return ArgoError(
        f"Argo Workflows is not installed in the cluster of {where}: Kubernetes does not know its objects; "
        f"install it ({_INSTALL}), or check that the context is the right one",
        NOT_INSTALLED,
    )


def _status(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _explained(
    status: int, said: dict[str, Any], message: str, verb: str, resource: str, where: str
) -> tuple[str, str]:
    """The error's code, and what is told."""
    if status == 401:
        return EXPIRED, "the credentials are not valid, or have expired; log in again and try once more"
    if status == 403:
        return FORBIDDEN, f"it is denied ({message}); {_needed(message, verb, resource)} in {where}"
    if status == 404:
        return NOT_FOUND, f"it is not there ({message})"
    if status == 409:
        return _conflict(said, message)
    if status in (429, 503):
        return BUSY, f"the server is busy ({message}); try again in a few minutes"
    if status == 413 or _TOO_LARGE.search(message):
        return INVALID, f"the object is larger than the cluster takes ({message}); split the flow"
    if status in (400, 422) or _WRONG_TYPE.search(message):
        return INVALID, f"it is refused: {message}"
    return str(said.get("reason") or status), f"the server says: {message} (HTTP {status})"


def _needed(message: str, verb: str, resource: str) -> str:
    """The permission that is missing."""
    found = _NEEDED.search(message)
    kind = resource.partition("/")[0]
    if found:
        verb = found["verb"]
        kind = f"{found['plural']}.{found['group']}" if found["group"] else found["plural"]
    return f"the credentials in use need a role with the verb {verb} on {kind}"


def _conflict(said: dict[str, Any], message: str) -> tuple[str, str]:
    if said.get("reason") == EXISTS or "already exists" in message:
        return EXISTS, f"it exists already ({message})"
    causes = said.get("details", {}).get("causes") or []
    fields = sorted({str(cause.get("field")) for cause in causes if cause.get("field")})
    managers = sorted(
        {name for cause in causes for name in re.findall(r'"([^"]+)"', str(cause.get("message")))}
    )
    if managers:
        return CONFLICT, (
            f"{', '.join(managers)} manages it too, and sets {', '.join(fields)} differently; "
            "deploy with that tool alone, or remove the object from it"
        )
    return CONFLICT, f"somebody else has changed it at this moment ({message}); try again"
