"""What `Deployer(FILE).argo_workflows()` gives: flows that are deployed, and runs that were started."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from metaflow.exception import MetaflowException

from metaflow_provider.plan import Refusal
from metaflow_provider.plan.model import Parameter

from ..common.deployer_commands import succeeds
from ..common.deployer_objects import EngineFlow, EngineRun, FoundDeployer
from .argo_workflows_deployer import ArgoWorkflowsDeployer
from .states import STATES

if TYPE_CHECKING:
    from hera_bridge.handle import Deployment
    from hera_bridge.runs import Run

# What stock Metaflow calls types of parameters, where the plan has another name.
_TYPES = {"JSON": "json", "FilePath": "file"}


class ArgoWorkflowsTriggeredRun(EngineRun):
    """A run on Argo Workflows."""

    @property
    def status(self) -> str:
        """`PENDING` until Metaflow knows the run, then `RUNNING`, `SUCCEEDED` or `FAILED`.

        Raises:
            MetaflowException: there is no such run.
            ArgoError: the call failed.
        """
        status: str = self._execution.status
        return "PENDING" if status == "RUNNING" and self.run is None else status

    def suspend(self, **kwargs: Any) -> bool:
        """Let the run start no more tasks; whether that succeeded.

        Args:
            **kwargs: `authorize`: production token of the flow, if it is another user's.
        """
        return succeeds(self.deployer, "suspend", run_id=self._run_id, **kwargs)

    def unsuspend(self, **kwargs: Any) -> bool:
        """Let the run go on; whether that succeeded.

        Args:
            **kwargs: `authorize`: production token of the flow, if it is another user's.
        """
        return succeeds(self.deployer, "unsuspend", run_id=self._run_id, **kwargs)

    @cached_property
    def _execution(self) -> Run:
        from .runs import run_of_flow

        return run_of_flow(self.deployer.client, self.deployer.flow_name, self._run_id)


class ArgoWorkflowsDeployedFlow(EngineFlow):
    """A flow that is deployed to Argo Workflows. Runs that are at work when it is deleted go on."""

    TYPE: ClassVar[str | None] = "argo-workflows"
    RUN = ArgoWorkflowsTriggeredRun

    @classmethod
    def from_deployment(cls, identifier: str, metadata: str | None = None) -> ArgoWorkflowsDeployedFlow:
        """A flow by the name of its WorkflowTemplate; its file is not needed.

        Args:
            identifier: the name, which is the `id` too.
            metadata: of the flow's runs, as in `local@/home/ada`; the client's own by default.

        Raises:
            MetaflowException: there is no such flow.
            ArgoError: a call failed.
        """
        from hera_bridge.api import ArgoWorkflows

        from .deployment import connect

        try:
            deployment = ArgoWorkflows.from_deployment(identifier, connect())
        except Refusal as refusal:
            raise MetaflowException(f"No deployed flow found for: {identifier} ({refusal})") from None
        return cls(_Found(deployment, metadata))

    @classmethod
    def list_deployed_flows(cls, flow_name: str | None = None) -> Iterator[ArgoWorkflowsDeployedFlow]:
        """All flows that are deployed in the namespace, or the deployments of one flow.

        Raises:
            ArgoError: a call failed.
        """
        from hera_bridge.api import ArgoWorkflows

        from .deployment import connect

        for deployment in ArgoWorkflows.list(flow_name or "", connect()):
            yield cls(_Found(deployment, None))

    @property
    def production_token(self) -> str | None:
        """The production token; `None` when nothing is deployed.

        Raises:
            ArgoError: a call failed.
        """
        from hera_bridge.deployment import look

        deployed = look(self.deployer.client, self.name)
        return deployed.token if deployed else None

    @property
    def workflow_template(self) -> dict[str, Any] | None:
        """The WorkflowTemplate after `create(only_json=True)`, and only then."""
        told: dict[str, Any] = getattr(self.deployer, "additional_info", {})
        return told.get("workflow_template")

    def list_runs(self, states: list[str] | None = None) -> list[EngineRun]:
        """Runs of the flow, the latest first.

        Args:
            states: some of `PENDING`, `RUNNING`, `SUCCEEDED` and `FAILED`; all by default.

        Raises:
            ValueError: another state.
            Refusal: nothing is deployed.
            ArgoError: a call failed.
        """
        from hera_bridge.api import ArgoWorkflows

        invalid = sorted(set(states or ()) - set(STATES))
        if invalid:
            raise ValueError(f"Invalid states found: {invalid}. Valid states are: {', '.join(STATES)}")
        runs = ArgoWorkflows.from_deployment(self.name, self.deployer.client).runs(*(states or ()))
        return [self._run(run.id) for run in runs]


class _Found(FoundDeployer, ArgoWorkflowsDeployer):
    """Deployer of a flow that was found on Argo Workflows."""

    def __init__(self, deployment: Deployment, metadata: str | None) -> None:
        parameters = [_parameter(name, said) for name, said in deployment.parameters.items()]
        super().__init__(deployment.name, deployment.flow, parameters, metadata)
        # Stock Metaflow acts as the owner of what it finds.
        self.authorize = deployment.token


def _parameter(name: str, said: Mapping[str, Any]) -> Parameter:
    kind = str(said.get("type", "str"))
    return Parameter(name, _TYPES.get(kind, kind), required=bool(said.get("is_required")))
