"""What is to be in the cluster when a flow has been deployed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from metaflow_provider.plan import Refusal

from ..clients.kinds import CRON_WORKFLOW, SECRET, WORKFLOW_TEMPLATE, Kind, Object, kind_of, name_of
from .deployed import Deployed, identified
from .marks import marked, secret_names, with_annotations


@dataclass(frozen=True)
class Wanted:
    """The objects of a deployment, marked as such.

    Attributes:
        deployed: the WorkflowTemplate, and whose it is to be.
        crons: CronWorkflows.
        secrets: Secrets that pods refer to.
    """

    deployed: Deployed
    crons: tuple[Object, ...] = ()
    secrets: tuple[Object, ...] = ()

    @property
    def name(self) -> str:
        """Name of the deployment."""
        return self.deployed.name


def wanted(objects: Iterable[Object], namespace: str) -> Wanted:
    """The objects of a deployment.

    Args:
        objects: a bundle's, edited or not.
        namespace: where they are to be.

    Raises:
        Refusal: not one WorkflowTemplate of a Metaflow flow, objects of other kinds, or of another namespace.
    """
    by_kind: dict[Kind, list[Object]] = {}
    for each in objects:
        by_kind.setdefault(kind_of(each), []).append(_in(namespace, each))
    templates = by_kind.get(WORKFLOW_TEMPLATE, [])
    if len(templates) != 1:
        raise Refusal(f"a deployment has one WorkflowTemplate, not {len(templates)}")
    name, secrets = name_of(templates[0]), by_kind.get(SECRET, [])
    template = with_annotations(templates[0], secret_names(map(name_of, secrets)))
    deployed = identified(marked(template, name))
    if deployed is None:
        raise Refusal(
            f"the WorkflowTemplate {name} does not say who owns it and its production token",
            remedy="leave the annotations metaflow/owner and metaflow/production_token as they are",
        )
    crons = (marked(each, name) for each in by_kind.get(CRON_WORKFLOW, ()))
    return Wanted(deployed, tuple(crons), tuple(marked(each, name) for each in secrets))


def _in(namespace: str, manifest: Object) -> Object:
    said = manifest["metadata"].get("namespace", namespace)
    if said != namespace:
        raise Refusal(
            f"{manifest['kind']} {name_of(manifest)} is for namespace {said}, the deployment for {namespace}",
            remedy=f"use Settings(namespace='{namespace}'), or a client of namespace {said}",
        )
    return {**manifest, "metadata": {**manifest["metadata"], "namespace": namespace}}
