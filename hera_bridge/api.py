"""Argo Workflows from Python: compile a plan, edit the objects, see what would change, deploy, run.

from hera_bridge import ArgoWorkflows

flow = ArgoWorkflows(plan)
flow.bundle.step("train").priority_class_name = "high"
print(flow.plan().diff())
run = flow.plan().apply().trigger(alpha=3)
print(run.wait(), run.failure())
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from metaflow_provider.deployment import Change, apply, check_owner, difference, is_empty
from metaflow_provider.plan import FlowPlan, Refusal, loads

from . import deployment
from .checks import ERROR, check
from .clients import WORKFLOW_TEMPLATE, Client, Kubernetes, Object, Version, refuse_old
from .deployment import Deployed, Wanted
from .handle import Deployment
from .settings import Settings
from .translation.labels import PART_OF

if TYPE_CHECKING:
    from .bundle import Bundle
    from .translation.translator import Translator


class ArgoWorkflows:
    """A flow, to be deployed as a WorkflowTemplate.

    Args:
        flow: its plan, or the plan's JSON.
        settings: of the cluster, and wishes.
        translator: decides what becomes of each step; by default `Translator`.
        client: where to deploy; by default Kubernetes' API with what the environment says.

    Raises:
        PlanError: JSON that is no plan.

    Example:
        >>> ArgoWorkflows(plan, Settings(namespace="jobs")).plan().apply().trigger(alpha=3).wait()
        'SUCCEEDED'
    """

    def __init__(
        self,
        flow: FlowPlan | str,
        settings: Settings | None = None,
        *,
        translator: type[Translator] | None = None,
        client: Client | None = None,
    ) -> None:
        # Hera takes a second to import; what is deployed can be looked at and run without it.
        from .translation.translator import Translator

        self.flow = loads(flow) if isinstance(flow, str) else flow
        self.translator = (translator or Translator)(self.flow, settings or Settings())
        self._client = client

    @cached_property
    def bundle(self) -> Bundle:
        """The objects, made offline when first asked for; edit them as you like.

        Raises:
            Refusal: the flow has something that Argo or Kubernetes does not take.
        """
        from .translation.workflow import translate

        return translate(self.translator)

    def plan(self, authorize: str = "", secrets: Iterable[Object] = (), replaces: str = "") -> DeploymentPlan:
        """What a deployment would change. Reads from the cluster, and changes nothing.

        Args:
            authorize: production token of what is deployed, if it is another user's.
            secrets: Secrets that pods refer to, to be deployed with the flow.
            replaces: name of an older deployment of the flow, to be removed.

        Raises:
            Refusal: the objects have errors, what is deployed is another user's or no Metaflow flow, or Argo
                is too old.
            ArgoError: a call failed.
        """
        client = self._client or Kubernetes(self.translator.settings.namespace)
        objects = [*self.bundle.objects(), *secrets]
        return plan_deployment(client, objects, authorize, replaces)

    @classmethod
    def from_deployment(cls, name: str, client: Client | None = None) -> Deployment:
        """What is deployed under a name; neither the flow's file nor its plan is needed.

        Raises:
            Refusal: nothing is, or a WorkflowTemplate that is no Metaflow flow.
            ArgoError: a call failed.
        """
        client = client or Kubernetes()
        deployed = deployment.look(client, name)
        if deployed is None:
            raise Refusal(
                f"The workflow {name} doesn't exist on Argo Workflows in namespace {client.namespace}",
                remedy="please deploy your flow first",
            )
        return Deployment(client, deployed)

    @classmethod
    def list(cls, flow: str = "", client: Client | None = None) -> Iterator[Deployment]:
        """Everything that is deployed in the namespace, by stock Metaflow too.

        Args:
            flow: class name of the flow, for its deployments alone.
            client: where to look.

        Raises:
            ArgoError: a call failed.
        """
        client = client or Kubernetes()
        labels = ",".join(f"{name}={value}" for name, value in PART_OF.items())
        for template in client.list(WORKFLOW_TEMPLATE, labels):
            deployed = deployment.identified(template)
            if deployed and flow in ("", deployed.flow):
                yield Deployment(client, deployed)


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
        return ArgoWorkflows.from_deployment(self.name, self.client)


def compile_flow(
    flow: FlowPlan | str, settings: Settings | None = None, translator: type[Translator] | None = None
) -> Bundle:
    """A flow as Hera's objects, to be edited, checked, written or deployed; offline.

    Args:
        flow: its plan, or the plan's JSON.
        settings: of the cluster, and wishes.
        translator: decides what becomes of each step; by default `Translator`.

    Raises:
        PlanError: JSON that is no plan.
        Refusal: the flow has something that Argo or Kubernetes does not take.

    Example:
        >>> bundle = compile_flow(Path("objects/plan.json").read_text(), Settings(namespace="jobs"))
        >>> bundle.step("train").priority_class_name = "high"
        >>> run = bundle.deploy(Kubernetes("jobs")).trigger(alpha=3)
    """
    return ArgoWorkflows(flow, settings, translator=translator).bundle


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
    tokens = wanted.token, authorize.removeprefix("production:")
    check_owner(deployed, "Argo Workflows", wanted.owner, *tokens)
