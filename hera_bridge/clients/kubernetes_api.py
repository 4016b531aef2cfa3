"""The cluster by Kubernetes' own API.

https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from .errors import FORBIDDEN, NOT_FOUND, UNREACHABLE, ArgoError, answered, not_installed, one_line
from .kinds import SECRET, WORKFLOW, Kind, Object, kind_of, name_of
from .logs import EXECUTOR_LINES, last_lines
from .managed_fields import FIELD_MANAGER, adopted, applied_by_others
from .version import Version, version_of_schema

_JSON, _MERGE = "application/json", "application/merge-patch+json"
_APPLY = "application/apply-patch+yaml"  # JSON is YAML
_CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/cronworkflows.argoproj.io"
_PAGE = 100
_CONNECT_SECONDS, _READ_SECONDS = 10, 60
_WAITS = (0.5, 1.0, 2.0)
# Tokens of cloud providers live for minutes; as long as stock Metaflow keeps its client.
_CLIENT_SECONDS = 300


class Kubernetes:
    """Objects of one namespace, by the API of Kubernetes.

    The cluster is found as stock Metaflow finds it: by `KUBECONFIG` if it is set, else by the pod's service
    account inside a cluster, else by the default kubeconfig.

    Args:
        namespace: of the objects; empty: the setting METAFLOW_KUBERNETES_NAMESPACE, or `default`.
        context: of the kubeconfig; empty: its current one.

    Example:
        >>> Kubernetes("production").get(WORKFLOW_TEMPLATE, "train")["metadata"]["name"]
        'train'
    """

    def __init__(self, namespace: str = "", context: str = "") -> None:
        self.namespace = namespace or os.environ.get("METAFLOW_KUBERNETES_NAMESPACE", "") or "default"
        self._context = context
        self._client: Any = None
        self._made_at = 0.0

    @property
    def where(self) -> str:
        """Namespace and cluster, for messages."""
        host = self._client.configuration.host if self._client else "the cluster"
        return f"namespace {self.namespace} of {host}"

    def argo_version(self) -> Version | None:
        """The oldest version that the resource definitions can be of; `None` when they do not tell."""
        try:
            return version_of_schema(
                self._json("get", "GET", _CRD, "customresourcedefinitions/cronworkflows")
            )
        except ArgoError as error:
            if error.code == NOT_FOUND:
                raise not_installed(self.where) from None
            if error.code == FORBIDDEN:  # reading them takes a role of the whole cluster
                return None
            raise

    def get(self, kind: Kind, name: str) -> Object | None:
        """An object; `None` when there is none."""
        try:
            return self._object("get", "GET", kind, name)
        except ArgoError as error:
            if error.code == NOT_FOUND:
                return None
            raise

    def list(self, kind: Kind, labels: str = "") -> Iterator[Object]:
        """The objects of a kind, fetched a page at a time; from the start again when the pages expire."""
        query = {"limit": str(_PAGE), **({"labelSelector": labels} if labels else {})}
        seen: set[str] = set()
        following = ""
        while True:
            page = self._page(kind, {**query, "continue": following} if following else query)
            for item in page["items"]:
                if item["metadata"]["uid"] not in seen:
                    seen.add(item["metadata"]["uid"])
                    yield {"apiVersion": kind.api_version, "kind": kind.name, **item}
            following = page["metadata"].get("continue", "")
            if not following:
                return

    def create(self, manifest: Object) -> Object:
        """Make an object, which may have a `generateName`; returns it as it is stored."""
        query = {"fieldManager": FIELD_MANAGER}
        return self._object("create", "POST", kind_of(manifest), "", query, manifest)

    def apply(self, manifest: Object, *, dry_run: bool = False) -> Object:
        """Make an object, or give the one that is there these fields (server-side apply).

        Fields that somebody edited by hand are set; those that another tool applies are not, which fails.
        """
        kind, name = kind_of(manifest), name_of(manifest)
        current = self.get(kind, name)
        force = current is not None and not applied_by_others(current)
        query = {"fieldManager": FIELD_MANAGER, **({"force": "true"} if force else {})}
        if dry_run:
            query["dryRun"] = "All"
        return self._object("patch", "PATCH", kind, name, query, manifest, _APPLY)

    def adopt(self, current: Object) -> Object:
        """Take over the fields that others have set, so that `apply` removes those that it does not set."""
        metadata = current["metadata"]
        entries = adopted(metadata.get("managedFields", []))
        patch = {"metadata": {"managedFields": entries, "resourceVersion": metadata["resourceVersion"]}}
        query = {"fieldManager": FIELD_MANAGER}
        return self._object("patch", "PATCH", kind_of(current), name_of(current), query, patch, _MERGE)

    def replace(self, manifest: Object) -> Object:
        """Give an object back the content that it had."""
        kind, name = kind_of(manifest), name_of(manifest)
        current = self._object("get", "GET", kind, name)
        version = current["metadata"]["resourceVersion"]
        body = {**manifest, "metadata": {**manifest["metadata"], "resourceVersion": version}}
        return self._object("update", "PUT", kind, name, {"fieldManager": FIELD_MANAGER}, body)

    def delete(self, kind: Kind, name: str) -> None:
        """Remove an object; none there is no error."""
        try:
            self._object("delete", "DELETE", kind, name)
        except ArgoError as error:
            if error.code != NOT_FOUND:
                raise

    def suspend(self, workflow: str) -> None:
        """Start no more tasks of a workflow."""
        self._set(workflow, {"suspend": True})

    def unsuspend(self, workflow: str) -> None:
        """Go on with a workflow."""
        self._set(workflow, {"suspend": False})

    def terminate(self, workflow: str) -> None:
        """End a workflow now, with its pods; exit handlers are not run."""
        self._set(workflow, {"shutdown": "Terminate"})

    def log(self, workflow: str, pod: str, lines: int) -> tuple[str, ...]:
        """The last lines that a pod of a workflow printed; none when the pod is gone."""
        path = f"/api/v1/namespaces/{self.namespace}/pods/{pod}/log"
        query = {"container": "main", "tailLines": str(lines + EXECUTOR_LINES)}
        try:
            text = self._send("get", "GET", path, f"pods/log/{pod}", query)
        except ArgoError as error:
            if error.code == NOT_FOUND:
                return ()
            raise
        return last_lines(text.decode(errors="replace").splitlines(), lines)

    def _set(self, workflow: str, fields: Mapping[str, Any]) -> None:
        """Change these fields of a workflow alone, so that what others change meanwhile is not lost."""
        query = {"fieldManager": FIELD_MANAGER}
        self._object("patch", "PATCH", WORKFLOW, workflow, query, {"spec": dict(fields)}, _MERGE)

    def _page(self, kind: Kind, query: Mapping[str, str]) -> Any:
        try:
            return self._json("list", "GET", self._path(kind), kind.resource, query, of=kind)
        except ArgoError as error:
            if error.code != "Expired":
                raise
            return self._json(
                "list", "GET", self._path(kind), kind.resource, {**query, "continue": ""}, of=kind
            )

    def _object(
        self,
        verb: str,
        method: str,
        kind: Kind,
        name: str,
        query: Mapping[str, str] | None = None,
        body: Object | None = None,
        content: str = _JSON,
    ) -> Object:
        resource = f"{kind.resource}/{name}" if name else kind.resource
        path = f"{self._path(kind)}/{name}" if name else self._path(kind)
        found: Object = self._json(verb, method, path, resource, query, body, content, of=kind)
        return found

    def _json(
        self,
        verb: str,
        method: str,
        path: str,
        resource: str,
        query: Mapping[str, str] | None = None,
        body: Object | None = None,
        content: str = _JSON,
        of: Kind = SECRET,
    ) -> Any:
        return json.loads(self._send(verb, method, path, resource, query, body, content, of))

    def _send(
        self,
        verb: str,
        method: str,
        path: str,
        resource: str,
        query: Mapping[str, str] | None = None,
        body: Object | None = None,
        content: str = _JSON,
        of: Kind = SECRET,
    ) -> bytes:
        """The body of the answer to a request; a busy server is asked again."""
        for wait in (*_WAITS, None):
            status, answer = self._request(verb, method, path, resource, query, body, content)
            if status not in (429, 503) or wait is None:
                break
            time.sleep(wait)
        if status < 300:
            return answer
        if status == 404 and of.of_argo and not answer.startswith(b"{"):
            raise not_installed(self.where)
        raise answered(status, answer, verb, resource, self.where)

    def _request(
        self,
        verb: str,
        method: str,
        path: str,
        resource: str,
        query: Mapping[str, str] | None,
        body: Object | None,
        content: str,
    ) -> tuple[int, bytes]:
        client = self._connected()
        from kubernetes.client.rest import urllib3

        configuration = client.configuration
        headers = {"Accept": _JSON, "Content-Type": content}
        for auth in configuration.auth_settings().values():
            if auth["value"]:
                headers[auth["key"]] = auth["value"]
        try:
            answer = client.rest_client.pool_manager.request(
                method,
                f"{configuration.host}{path}?{urlencode(query or {})}",
                body=None if body is None else json.dumps(body).encode(),
                headers=headers,
                timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
                retries=False,
            )
        except urllib3.exceptions.HTTPError as error:
            raise ArgoError(
                f"{verb} {resource} in {self.where}: the cluster cannot be reached "
                f"({one_line(str(error))}); check the network, the context and KUBECONFIG",
                UNREACHABLE,
            ) from error
        return answer.status, answer.data

    def _path(self, kind: Kind) -> str:
        root = f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.api_version}"
        return f"{root}/namespaces/{self.namespace}/{kind.plural}"

    def _connected(self) -> Any:
        """The package's client, which knows the address, certificates and token."""
        if self._client is None or time.monotonic() - self._made_at > _CLIENT_SECONDS:
            self._client = _new_client(self._context)
            self._made_at = time.monotonic()
        return self._client


def _new_client(context: str) -> Any:
    try:
        from kubernetes import client, config
    except ImportError:
        raise ArgoError(
            "kubernetes, which talks to the cluster, is not installed; "
            "pip install 'metaflow-orchestrators[argo]'"
        ) from None
    inside = not os.environ.get("KUBECONFIG") and bool(os.environ.get("KUBERNETES_SERVICE_HOST"))
    try:
        if inside and not context:
            configuration = client.Configuration()
            config.load_incluster_config(client_configuration=configuration)
            return client.ApiClient(configuration)
        # The package looks at KUBECONFIG when it is imported, and never again.
        file = os.environ.get("KUBECONFIG") or None
        return config.new_client_from_config(file, context=context or None)
    except (config.ConfigException, OSError) as error:
        raise ArgoError(
            f"no cluster is configured ({one_line(str(error))}); set KUBECONFIG, or choose a context that is "
            "in it (kubectl config get-contexts)",
            UNREACHABLE,
        ) from error
