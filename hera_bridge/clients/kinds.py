"""The kinds of Kubernetes objects that a flow on Argo consists of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from metaflow_provider.plan import Refusal

Object = dict[str, Any]
"""A Kubernetes object, as in JSON."""


@dataclass(frozen=True)
class Kind:
    """A kind of objects.

    Attributes:
        name: as in an object's `kind`.
        plural: as in addresses and roles.
        group: API group; empty for Kubernetes' own.
        version: of the group's API.

    Example:
        >>> WORKFLOW_TEMPLATE.resource
        'workflowtemplates.argoproj.io'
    """

    name: str
    plural: str
    group: str = "argoproj.io"
    version: str = "v1alpha1"

    @property
    def api_version(self) -> str:
        """As in an object's `apiVersion`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """As `kubectl` and roles call it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


WORKFLOW_TEMPLATE = Kind("WorkflowTemplate", "workflowtemplates")
CRON_WORKFLOW = Kind("CronWorkflow", "cronworkflows")
WORKFLOW = Kind("Workflow", "workflows")
SECRET = Kind("Secret", "secrets", group="", version="v1")
# Of Argo Events; stock Metaflow makes one for `@trigger`.
SENSOR = Kind("Sensor", "sensors")

KINDS = (WORKFLOW_TEMPLATE, CRON_WORKFLOW, WORKFLOW, SECRET, SENSOR)


def kind_of(manifest: Mapping[str, Any]) -> Kind:
    """The kind of an object.

    Raises:
        Refusal: an object of another kind, which is not deployed with a flow.
    """
    for kind in KINDS:
        if kind.name == manifest.get("kind"):
            return kind
    raise Refusal(
        f"objects of kind {manifest.get('kind')} are not deployed with a flow",
        remedy="apply it with kubectl, or leave it out",
    )


def name_of(manifest: Mapping[str, Any]) -> str:
    """An object's name."""
    return str(manifest["metadata"]["name"])


def state_of(current: Mapping[str, Any]) -> Object:
    """The controller's account of an object, such as when a schedule last came due; edits leave it alone."""
    return {"status": current["status"]} if "status" in current else {}


def labels_of(manifest: Mapping[str, Any]) -> dict[str, str]:
    """An object's labels."""
    return dict(manifest["metadata"].get("labels") or {})


def annotations_of(manifest: Mapping[str, Any]) -> dict[str, str]:
    """An object's annotations."""
    return dict(manifest["metadata"].get("annotations") or {})
