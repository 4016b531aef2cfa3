"""Requests to Kubernetes' API, with the address, certificates and tokens that its Python package finds."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import UNREACHABLE, ArgoError, answered, not_installed, one_line

JSON = "application/json"
MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"  # JSON is YAML

METHODS = {
    "get": "GET",
    "list": "GET",
    "create": "POST",
    "update": "PUT",
    "patch": "PATCH",
    "delete": "DELETE",
}
_BUSY = (429, 503)
_WAITS = (0.5, 1.0, 2.0)
_CONNECT_SECONDS, _READ_SECONDS = 10, 60
# Tokens of cloud providers live for minutes; as long as stock Metaflow keeps its client.
_CLIENT_SECONDS = 300


@dataclass(frozen=True)
class Request:
    """A request.

    Attributes:
        verb: as in roles, such as `patch`.
        path: under the cluster's address.
        resource: what it is about, for messages, such as `workflows.argoproj.io/train-x7k2p`.
        content: type of the body.
    """

    verb: str
    path: str
    resource: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    content: str = JSON


class Connection:
    """A cluster, found as stock Metaflow finds it.

    By `KUBECONFIG` if it is set, else by the pod's service account inside a cluster, else by the default
    kubeconfig.

    Args:
        namespace: that requests are about, for messages.
        context: of the kubeconfig; empty: its current one.

    Example:
        >>> Connection("default").json(Request("get", "/version", "version"))["gitVersion"]
        'v1.34.4'
    """

    def __init__(self, namespace: str, context: str = "") -> None:
        self._namespace = namespace
        self._context = context
        self._client: Any = None
        self._made_at = 0.0

    @property
    def where(self) -> str:
        """Namespace and cluster, for messages."""
        host = self._client.configuration.host if self._client else "the cluster"
        return f"namespace {self._namespace} of {host}"

    def json(self, request: Request) -> Any:
        """The answer to a request, read as JSON.

        Raises:
            ArgoError: in one line, what went wrong.
        """
        return json.loads(self.send(request))

    def send(self, request: Request) -> bytes:
        """The answer to a request; a busy server is asked again.

        Raises:
            ArgoError: in one line, what went wrong.
        """
        status, answer = self._answer(request)
        for wait in _WAITS:
            if status not in _BUSY:
                break
            time.sleep(wait)
            status, answer = self._answer(request)
        if status < 300:
            return answer
        if status == 404 and request.path.startswith("/apis/argoproj.io/") and not answer.startswith(b"{"):
            raise not_installed(self.where)
        raise answered(status, answer, request.verb, request.resource, self.where)

    def _answer(self, request: Request) -> tuple[int, bytes]:
        """Status and body."""
        client = self._connected()
        from kubernetes.client.rest import urllib3

        configuration = client.configuration
        headers = {"Accept": JSON, "Content-Type": request.content}
        for auth in configuration.auth_settings().values():
            if auth["value"]:
                headers[auth["key"]] = auth["value"]
        try:
            answer = client.rest_client.pool_manager.request_encode_url(
                METHODS[request.verb],
                configuration.host + request.path,
                fields=request.query,
                body=None if request.body is None else json.dumps(request.body).encode(),
                headers=headers,
                timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
                retries=False,
            )
        except urllib3.exceptions.HTTPError as error:
            raise ArgoError(
                f"{request.verb} {request.resource} in {self.where}: the cluster cannot be reached "
                f"({one_line(str(error))}); check the network, the context and KUBECONFIG",
                UNREACHABLE,
            ) from error
        return answer.status, answer.data

    def _connected(self) -> Any:
        """The package's client."""
        if self._client is None or time.monotonic() - self._made_at > _CLIENT_SECONDS:
            self._client = _new_client(self._context)
            self._made_at = time.monotonic()
        return self._client


def _new_client(context: str) -> Any:
    try:
        from kubernetes import client, config
        from kubernetes.config.kube_config import yaml
    except ImportError:
        raise ArgoError(
            "kubernetes, which talks to the cluster, is not installed; "
            "pip install 'metaflow-orchestrators[argo]'"
        ) from None
    file = os.environ.get("KUBECONFIG", "")
    try:
        if os.environ.get("KUBERNETES_SERVICE_HOST") and not file and not context:
            configuration = client.Configuration()
            config.load_incluster_config(client_configuration=configuration)
            return client.ApiClient(configuration)
        # The package looks at KUBECONFIG when it is imported, and never again.
        return config.new_client_from_config(file or None, context=context or None)
    except (config.ConfigException, OSError, yaml.YAMLError) as error:
        raise ArgoError(
            f"no cluster is configured ({one_line(str(error))}); set KUBECONFIG, or choose a context that is "
            "in it (kubectl config get-contexts)",
            UNREACHABLE,
        ) from error
