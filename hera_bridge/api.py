"""Argo Workflows from Python: compile a plan, edit the objects, see what would change, deploy, run.

from hera_bridge import ArgoWorkflows

flow = ArgoWorkflows(plan)
flow.bundle.step("train").priority_class_name = "high"
print(flow.plan().diff())
run = flow.plan().apply().trigger(alpha=3)
print(run.wait(), run.failure())
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from metaflow_provider.plan import FlowPlan, loads

from .clients import WORKFLOW_TEMPLATE, Client, Kubernetes, Object
from .deployment import identified
from .deployment_plan import DeploymentPlan, plan_deployment
from .handle import Deployment, find_deployment
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

        Example:
            >>> print(flow.plan().diff())
            update WorkflowTemplate train
              ~ spec.parallelism: 100 -> 3
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

        Example:
            >>> ArgoWorkflows.from_deployment("train", Kubernetes("jobs")).trigger(alpha=3).wait()
            'SUCCEEDED'
        """
        return find_deployment(client or Kubernetes(), name)

    @classmethod
    def list(cls, flow: str = "", client: Client | None = None) -> Iterator[Deployment]:
        """Everything that is deployed in the namespace, by stock Metaflow too.

        Args:
            flow: class name of the flow, for its deployments alone.
            client: where to look.

        Raises:
            ArgoError: a call failed.

        Example:
            >>> [deployment.name for deployment in ArgoWorkflows.list("TrainFlow")]
            ['train', 'train.test.new_model.trainflow']
        """
        client = client or Kubernetes()
        labels = ",".join(f"{name}={value}" for name, value in PART_OF.items())
        for template in client.list(WORKFLOW_TEMPLATE, labels):
            deployed = identified(template)
            if deployed and flow in ("", deployed.flow):
                yield Deployment(client, deployed)


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
