"""What deployments and runs ask of a cluster, whichever way it is reached."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from ..version import Version
from .kinds import Kind, Object


class Client(Protocol):
    """Objects of one namespace. Every call that fails raises `ArgoError`, of one line.

    Example:
        >>> client = Kubernetes(namespace="production")
        >>> client.get(WORKFLOW_TEMPLATE, "train")["metadata"]["name"]
        'train'
    """

    namespace: str

    @property
    def where(self) -> str:
        """Namespace and cluster, for messages."""

    def argo_version(self) -> Version | None:
        """Version of Argo Workflows, or the oldest that it may be; `None` when nothing tells it.

        Raises:
            ArgoError: Argo Workflows is not installed, or cannot be reached.
        """

    def get(self, kind: Kind, name: str) -> Object | None:
        """An object; `None` when there is none."""

    def list(self, kind: Kind, labels: str = "") -> Iterator[Object]:
        """The objects of a kind, fetched a page at a time.

        Args:
            kind: what.
            labels: selector, such as `app=a,tier!=b`; empty: all of them.
        """

    def create(self, manifest: Object) -> Object:
        """Make an object, which may have a `generateName`; returns it as it is stored."""

    def apply(self, manifest: Object, *, dry_run: bool = False) -> Object:
        """Make an object, or give the one that is there these fields.

        Fields that were applied before and are not in the manifest are removed; those of others stay.

        Args:
            manifest: its `resourceVersion`, if any, is that of the object which is changed; it fails when
                somebody else has changed that meanwhile.
            dry_run: have it checked, and store nothing.
        """

    def adopt(self, current: Object) -> Object:
        """Take over the fields that others have set, so that `apply` removes those that it does not set."""

    def replace(self, manifest: Object) -> Object:
        """Give an object back the content that it had."""

    def delete(self, kind: Kind, name: str) -> None:
        """Remove an object; none there is no error."""

    def delete_all(self, kind: Kind, labels: str) -> None:
        """Remove the objects of a kind that have these labels, with what belongs to them."""

    def elsewhere(self, namespace: str) -> Client:
        """The same for a namespace, which may be its own."""

    def keeps(self, kind: Kind) -> bool:
        """Whether objects of this kind can be asked for."""

    def serves(self, api_version: str) -> bool | None:
        """Whether the cluster has this group and version of objects; `None` when nothing tells it."""

    def suspend(self, workflow: str) -> None:
        """Start no more tasks of a workflow."""

    def unsuspend(self, workflow: str) -> None:
        """Go on with a workflow."""

    def terminate(self, workflow: str) -> None:
        """End a workflow now, with its pods; exit handlers are not run."""

    def log(self, workflow: str, pod: str, lines: int) -> tuple[str, ...]:
        """The last lines that a pod of a workflow printed; none when the pod is gone."""
