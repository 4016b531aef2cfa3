"""The cluster by Kubernetes' own API.

https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from ..kubernetes_names import is_name
from ..version import Version, version_of_schema
from .connection import APPLY, JSON, MERGE, Connection, Request
from .errors import FORBIDDEN, NOT_FOUND, NOT_INSTALLED, ArgoError, not_installed
from .kinds import SENSOR, WORKFLOW, Kind, Object, kind_of, name_of, state_of
from .logs import EXECUTOR_LINES, last_lines
from .managed_fields import FIELD_MANAGER, adopted, applied_by_others

_CRON_DEFINITION = "customresourcedefinitions/cronworkflows.argoproj.io"
_PAGE = "100"
_PAGES_EXPIRED = "Expired"


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
        self._connection = Connection(self.namespace, context)

    @property
    def where(self) -> str:
        """Namespace and cluster, for messages."""
        return self._connection.where

    def argo_version(self) -> Version | None:
        """The oldest version that the resource definitions can be of; `None` when they do not tell."""
        path = f"/apis/apiextensions.k8s.io/v1/{_CRON_DEFINITION}"
        try:
            return version_of_schema(self._connection.json(Request("get", path, _CRON_DEFINITION)))
        except ArgoError as error:
            if error.code == NOT_FOUND:
                raise not_installed(self.where) from None
            if error.code == FORBIDDEN:  # reading them takes a role of the whole cluster
                return None
            raise

    def get(self, kind: Kind, name: str) -> Object | None:
        """An object; `None` when there is none."""
        if not is_name(name):
            return None
        try:
            return self._ask("get", kind, name)
        except ArgoError as error:
            if error.code == NOT_FOUND or (kind is SENSOR and error.code == NOT_INSTALLED):
                return None
            raise

    def list(self, kind: Kind, labels: str = "") -> Iterator[Object]:
        """The objects of a kind, fetched a page at a time; from the start again when the pages expire."""
        query = {"limit": _PAGE, "labelSelector": labels}
        seen: set[str] = set()
        following = ""
        while True:
            page = self._page(kind, {**query, "continue": following})
            for item in page["items"]:
                if item["metadata"]["uid"] not in seen:
                    seen.add(item["metadata"]["uid"])
                    yield {"apiVersion": kind.api_version, "kind": kind.name, **item}
            following = page["metadata"].get("continue", "")
            if not following:
                return

    def create(self, manifest: Object) -> Object:
        """Make an object, which may have a `generateName`; returns it as it is stored."""
        return self._ask("create", kind_of(manifest), body=manifest)

    def apply(self, manifest: Object, *, dry_run: bool = False) -> Object:
        """Make an object, or give the one that is there these fields (server-side apply).

        Fields that somebody edited by hand are set; those that another tool applies are not, which fails.
        """
        kind, name = kind_of(manifest), name_of(manifest)
        current = self.get(kind, name)
        query = {"dryRun": "All"} if dry_run else {}
        if current is not None and not applied_by_others(current):
            query["force"] = "true"
        return self._ask("patch", kind, name, query, manifest, APPLY)

    def adopt(self, current: Object) -> Object:
        """Take over the fields that others have set, so that `apply` removes those that it does not set."""
        metadata = current["metadata"]
        entries = adopted(metadata.get("managedFields", []))
        patch = {"metadata": {"managedFields": entries, "resourceVersion": metadata["resourceVersion"]}}
        return self._ask("patch", kind_of(current), name_of(current), body=patch, content=MERGE)

    def replace(self, manifest: Object) -> Object:
        """Give an object back the content that it had."""
        kind, name = kind_of(manifest), name_of(manifest)
        current = self._ask("get", kind, name)
        metadata = {**manifest["metadata"], "resourceVersion": current["metadata"]["resourceVersion"]}
        return self._ask("update", kind, name, body={**manifest, **state_of(current), "metadata": metadata})

    def delete(self, kind: Kind, name: str) -> None:
        """Remove an object; none there is no error."""
        try:
            self._ask("delete", kind, name)
        except ArgoError as error:
            if error.code != NOT_FOUND:
                raise

    def delete_all(self, kind: Kind, labels: str) -> None:
        """Remove the objects of a kind that have these labels, with what belongs to them."""
        for found in list(self.list(kind, labels)):
            # Without it the pods of a Job would outlive the Job.
            self._ask("delete", kind, name_of(found), {"propagationPolicy": "Background"})

    def elsewhere(self, namespace: str) -> Kubernetes:
        """A namespace of the same cluster; the own one by the connection that there is."""
        return self if namespace == self.namespace else Kubernetes(namespace, self._context)

    def keeps(self, kind: Kind) -> bool:
        """Every kind."""
        return True

    def serves(self, api_version: str) -> bool | None:
        """Whether the cluster has this group and version of objects."""
        path = f"/apis/{api_version}"
        try:
            self._connection.json(Request("get", path, api_version))
        except ArgoError as error:
            if error.code == NOT_FOUND:
                return False
            raise
        return True

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
            text = self._connection.send(Request("get", path, f"pods/log/{pod}", query))
        except ArgoError as error:
            if error.code == NOT_FOUND:
                return ()
            raise
        return last_lines(text.decode(errors="replace").splitlines(), lines)

    def _set(self, workflow: str, fields: Mapping[str, Any]) -> None:
        """Change these fields of a workflow alone, so that what others change meanwhile is not lost."""
        self._ask("patch", WORKFLOW, workflow, body={"spec": dict(fields)}, content=MERGE)

    def _page(self, kind: Kind, query: Mapping[str, str]) -> Object:
        try:
            return self._ask("list", kind, query=query)
        except ArgoError as error:
            if error.code != _PAGES_EXPIRED:
                raise
            return self._ask("list", kind, query={**query, "continue": ""})

    def _ask(
        self,
        verb: str,
        kind: Kind,
        name: str = "",
        query: Mapping[str, str] | None = None,
        body: Object | None = None,
        content: str = JSON,
    ) -> Object:
        """The answer to a request about an object, or about all of a kind."""
        root = "/apis" if kind.group else "/api"
        path = f"{root}/{kind.api_version}/namespaces/{self.namespace}/{kind.plural}"
        of = f"/{name}" if name else ""
        manager = {"fieldManager": FIELD_MANAGER} if body is not None else {}
        request = Request(verb, path + of, kind.resource + of, {**manager, **(query or {})}, body, content)
        found: Object = self._connection.json(request)
        return found
