"""The cluster by the Argo Server's REST API, with Hera's host, token and certificates.

The server is asked for JSON, not for Hera's models: those drop the fields that they do not know.
https://argo-workflows.readthedocs.io/en/latest/rest-api/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from metaflow_provider.deployment import looks

from ..kubernetes_names import is_name
from ..version import Version, parse_version
from .connection import METHODS
from .errors import INVALID, NOT_FOUND, UNREACHABLE, ArgoError, answered, one_line
from .kinds import (
    CRON_WORKFLOW,
    SENSOR,
    WORKFLOW,
    WORKFLOW_TEMPLATE,
    Kind,
    Object,
    kind_of,
    name_of,
    state_of,
)
from .logs import EXECUTOR_LINES, last_lines

if TYPE_CHECKING:
    from hera.workflows import WorkflowsService

_PAGE = "100"
# How long the server may not know of a template that has just been made.
_TEMPLATE_SECONDS = 5
_TEMPLATE_UNKNOWN = re.compile(r'workflowtemplates?\.argoproj\.io "[^"]+" not found')
_TIMEOUT = (10, 60)  # seconds to connect, and to wait for an answer
_FIELDS = {
    WORKFLOW_TEMPLATE: "template",
    CRON_WORKFLOW: "cronWorkflow",
    WORKFLOW: "workflow",
    SENSOR: "sensor",
}
_PATHS = {
    WORKFLOW_TEMPLATE: "workflow-templates",
    CRON_WORKFLOW: "cron-workflows",
    WORKFLOW: "workflows",
    SENSOR: "sensors",
}


class ArgoServer:
    """Objects of one namespace, by an Argo Server.

    It keeps no Secrets, and knows no server-side apply: objects are replaced, unless somebody else has
    changed them since they were looked at.

    Args:
        service: Hera's, with host and token; by default of Hera's global configuration.
        namespace: of the objects; empty: the service's, or `default`.

    Example:
        >>> from hera.workflows import WorkflowsService
        >>> ArgoServer(WorkflowsService(host="https://argo.example.com", token="Bearer ...")).argo_version()
        (3, 7, 14)
    """

    def __init__(self, service: WorkflowsService | None = None, namespace: str = "") -> None:
        from hera.workflows import WorkflowsService

        self._service = service or WorkflowsService()
        self.namespace = namespace or self._service.namespace or "default"

    @property
    def where(self) -> str:
        """Namespace and server, for messages."""
        return f"namespace {self.namespace} of the Argo Server {self._service.host}"

    def argo_version(self) -> Version | None:
        """The server's version; `None` when it is a build that has none."""
        return parse_version(str(self._call("get", "version", "version").get("version", "")))

    def get(self, kind: Kind, name: str) -> Object | None:
        """An object; `None` when there is none."""
        if not is_name(name):
            return None
        if kind is WORKFLOW_TEMPLATE:  # asked for one, the server tells what it remembers, which may be old
            return next(self._list(kind, {"listOptions.fieldSelector": f"metadata.name={name}"}), None)
        try:
            return self._object("get", kind, name)
        except ArgoError as error:
            if error.code == NOT_FOUND:
                return None
            raise

    def list(self, kind: Kind, labels: str = "") -> Iterator[Object]:
        """The objects of a kind, fetched a page at a time."""
        return self._list(kind, {"listOptions.labelSelector": labels})

    def _list(self, kind: Kind, selector: Mapping[str, str]) -> Iterator[Object]:
        query = {"listOptions.limit": _PAGE, **selector}
        following = ""
        while True:
            query["listOptions.continue"] = following
            page = self._call("list", self._path(kind), kind.resource, query)
            for item in page.get("items") or []:
                yield {**item, "apiVersion": kind.api_version, "kind": kind.name}
            following = page.get("metadata", {}).get("continue", "")
            if not following:
                return

    def create(self, manifest: Object) -> Object:
        """Make an object, which may have a `generateName`; returns it as it is stored."""
        kind = kind_of(manifest)
        return self._sent("create", kind, "", self._body(kind, manifest))

    def apply(self, manifest: Object, *, dry_run: bool = False) -> Object:
        """Make an object, or replace the one that is there; labels and annotations of others stay.

        A dry run is the server's lint; that of a CronWorkflow, which wants the template there, is left out.
        """
        kind, name = kind_of(manifest), name_of(manifest)
        if dry_run:
            if kind is not CRON_WORKFLOW:
                self._call("create", f"{self._path(kind)}/lint", name, body=self._body(kind, manifest))
            return manifest
        current = self.get(kind, name)
        if current is None:
            return self.create(manifest)
        return self._put(kind, name, _over(current, manifest))

    def adopt(self, current: Object) -> Object:
        """Nothing to do: objects are replaced as a whole."""
        return current

    def replace(self, manifest: Object) -> Object:
        """Give an object back the content that it had."""
        kind, name = kind_of(manifest), name_of(manifest)
        current = self.get(kind, name) or {"metadata": {}}
        version = current["metadata"].get("resourceVersion", "")
        metadata = {**manifest["metadata"], "resourceVersion": version}
        return self._put(kind, name, {**manifest, **state_of(current), "metadata": metadata})

    def delete(self, kind: Kind, name: str) -> None:
        """Remove an object; none there is no error."""
        try:
            self._object("delete", kind, name)
        except ArgoError as error:
            if error.code != NOT_FOUND:
                raise

    def delete_all(self, kind: Kind, labels: str) -> None:
        """Refused but for Argo's own kinds: the server keeps no others."""
        for found in list(self.list(kind, labels)):
            self.delete(kind, name_of(found))

    def elsewhere(self, namespace: str) -> ArgoServer:
        """A namespace of the same server."""
        return self if namespace == self.namespace else ArgoServer(self._service, namespace)

    def keeps(self, kind: Kind) -> bool:
        """Argo's own kinds."""
        return kind in _PATHS

    def serves(self, api_version: str) -> bool | None:
        """Nothing tells it."""
        return None

    def suspend(self, workflow: str) -> None:
        """Start no more tasks of a workflow."""
        self._do("suspend", workflow)

    def unsuspend(self, workflow: str) -> None:
        """Go on with a workflow."""
        self._do("resume", workflow)

    def terminate(self, workflow: str) -> None:
        """End a workflow now, with its pods; exit handlers are not run."""
        self._do("terminate", workflow)

    def log(self, workflow: str, pod: str, lines: int) -> tuple[str, ...]:
        """The last lines that a pod of a workflow printed; none when the pod is gone."""
        query = {
            "podName": pod,
            "logOptions.container": "main",
            "logOptions.tailLines": str(lines + EXECUTOR_LINES),
        }
        path = f"{self._path(WORKFLOW)}/{workflow}/log"
        entries = self._send("get", path, f"pods/log/{pod}", query).splitlines()
        found = (json.loads(entry).get("result", {}) for entry in entries if entry.strip())
        return last_lines((str(result.get("content", "")) for result in found), lines)

    def _do(self, action: str, workflow: str) -> None:
        path = f"{self._path(WORKFLOW)}/{workflow}/{action}"
        body = {"namespace": self.namespace, "name": workflow}
        self._call("update", path, f"{WORKFLOW.resource}/{workflow}", body=body)

    def _put(self, kind: Kind, name: str, manifest: Object) -> Object:
        return self._sent("update", kind, name, {**self._body(kind, manifest), "name": name})

    def _sent(self, verb: str, kind: Kind, name: str, body: Object) -> Object:
        """The object as it is stored, after the server has come to know the template that it refers to."""
        for _ in looks(every=0.5, seconds=_TEMPLATE_SECONDS):
            try:
                return self._object(verb, kind, name, body)
            except ArgoError as error:
                if not _TEMPLATE_UNKNOWN.search(str(error)):
                    raise
        return self._object(verb, kind, name, body)

    def _body(self, kind: Kind, manifest: Object) -> Object:
        return {"namespace": self.namespace, _FIELDS[kind]: manifest}

    def _object(self, verb: str, kind: Kind, name: str, body: Object | None = None) -> Object:
        path = f"{self._path(kind)}/{name}" if name else self._path(kind)
        resource = f"{kind.resource}/{name}" if name else kind.resource
        found = self._call(verb, path, resource, body=body)
        return {**found, "apiVersion": kind.api_version, "kind": kind.name}

    def _path(self, kind: Kind) -> str:
        if kind not in _PATHS:
            raise ArgoError(
                f"the Argo Server keeps no objects of kind {kind.name}; deploy by Kubernetes' own API, or "
                "make it with kubectl and name it in the settings",
                INVALID,
            )
        return f"{_PATHS[kind]}/{self.namespace}"

    def _call(
        self,
        verb: str,
        path: str,
        resource: str,
        query: Mapping[str, str] | None = None,
        body: Object | None = None,
    ) -> Object:
        answer = self._send(verb, path, resource, query, body)
        try:
            found: Object = json.loads(answer)
        except ValueError:
            raise ArgoError(
                f"{verb} {resource} in {self.where}: what answers is no Argo Server; check the host",
                UNREACHABLE,
            ) from None
        return found

    def _send(
        self,
        verb: str,
        path: str,
        resource: str,
        query: Mapping[str, str] | None = None,
        body: Object | None = None,
    ) -> bytes:
        service = self._service
        if not service.host:
            raise ArgoError(
                "no Argo Server is configured; set hera.shared.global_config.host and token, or give "
                "ArgoServer a WorkflowsService",
                UNREACHABLE,
            )
        try:
            answer = service.session.request(
                METHODS[verb],
                f"{service.host.rstrip('/')}/api/v1/{path}",
                params=query,
                json=body,
                headers={"Authorization": service.token or ""},
                verify=service.verify_ssl,
                cert=service.client_certs,
                timeout=_TIMEOUT,
            )
        except OSError as error:  # the base of what requests raises
            raise ArgoError(
                f"{verb} {resource} in {self.where}: the server cannot be reached ({one_line(str(error))}); "
                "check the network and the host",
                UNREACHABLE,
            ) from error
        if not answer.ok:
            raise answered(answer.status_code, answer.content, verb, resource, self.where)
        return answer.content


def _over(current: Mapping[str, Any], manifest: Mapping[str, Any]) -> Object:
    """The object that replaces the current one."""
    old, new = current["metadata"], manifest["metadata"]
    metadata = {"resourceVersion": old["resourceVersion"], **new}
    for field in ("labels", "annotations"):
        metadata[field] = {**(old.get(field) or {}), **(new.get(field) or {})}
    return {**manifest, **state_of(current), "metadata": metadata}
