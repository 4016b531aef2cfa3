"""What a deployment would change: planned by reading alone, rehearsed, applied."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from metaflow_provider.deployment import Change, apply, check_owner, difference, is_empty
from metaflow_provider.plan import Refusal

from . import deployment
from .checks import ERROR, check
from .clients import Client, Object
from .deployment import Deployed, Wanted
from .handle import Deployment, find_deployment
from .version import Version, refuse_old


@dataclass(frozen=True)
class DeploymentPlan:
    """What a deployment would change.

    Attributes:
        name: of the deployment.
        changes: in their order; those of things that stay as they are too.
    """

    name: str
    changes: tuple[Change[Client], ...]
    wanted: Wanted = field(repr=False, compare=False)
    client: Client = field(repr=False, compare=False)

    @property
    def is_empty(self) -> bool:
        """Whether all is as it should be."""
        return is_empty(self.changes)

    def diff(self) -> str:
        """The changes for people to read; empty when there is none."""
        return difference(self.changes)

    def rehearse(self) -> None:
        """Let the cluster check every object by its own rules; nothing is stored.

        Raises:
            ArgoError: it does not take one.
        """
        if not self.is_empty:
            deployment.rehearse(self.client, self.wanted)

    def apply(self, tell: Callable[[Change[Client]], None] = lambda change: None) -> Deployment:
        """Make the changes, after a rehearsal; all are undone when one fails.

        Args:
            tell: is told of each change just before it is made.

        Raises:
            ArgoError: a change failed; the text says what became of the others.
        """
        self.rehearse()
        apply(self.client, self.changes, tell)
        return find_deployment(self.client, self.name)


def plan_deployment(
    client: Client, objects: Iterable[Object], authorize: str = "", replaces: str = ""
) -> DeploymentPlan:
    """What a deployment of these objects would change. Reads from the cluster, and changes nothing.

    Args:
        client: where to deploy.
        objects: a WorkflowTemplate, CronWorkflows and Secrets, such as `bundle.objects()`.
        authorize: production token of what is deployed, if it is another user's.
        replaces: name of an older deployment of the flow, to be removed.

    Raises:
        Refusal: the objects have errors, what is deployed is another user's or no Metaflow flow, or Argo is
            too old.
        ArgoError: a call failed.
    """
    version = client.argo_version()
    refuse_old(version, client.where)
    wanted = deployment.wanted(objects, client.namespace)
    _refuse_errors((wanted.deployed.template, *wanted.crons), version)
    existing = deployment.look_around(
        client,
        wanted.name,
        (each["metadata"]["name"] for each in wanted.crons),
        (each["metadata"]["name"] for each in wanted.secrets),
    )
    changes = deployment.changes(existing, wanted)
    if existing.deployed:
        _check_owner(existing.deployed, wanted.deployed, authorize)
    if replaces and replaces != wanted.name:
        changes += _removal_of(client, replaces, wanted.deployed, authorize)
    return DeploymentPlan(wanted.name, tuple(changes), wanted, client)


def _refuse_errors(objects: Iterable[Object], version: Version | None) -> None:
    findings = check(objects, ".".join(map(str, version or ())))
    errors = [finding for finding in findings if finding.severity == ERROR]
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise Refusal(f"Argo Workflows would refuse the flow: {errors[0]}{more}")


def _removal_of(client: Client, name: str, wanted: Deployed, authorize: str) -> list[Change[Client]]:
    old = deployment.look_around(client, name)
    if old.deployed is None or old.deployed.flow != wanted.flow:
        return []
    _check_owner(old.deployed, wanted, authorize)
    return deployment.removal(old, at_work=True)


def _check_owner(deployed: Deployed, wanted: Deployed, authorize: str) -> None:
    check_owner(deployed, "Argo Workflows", wanted.owner, authorize)
