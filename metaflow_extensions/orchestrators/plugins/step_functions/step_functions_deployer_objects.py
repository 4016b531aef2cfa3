"""What `Deployer(FILE).step_functions()` gives: flows that are deployed, and runs that were started."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from metaflow.exception import MetaflowException

from metaflow_provider.plan import Refusal

from ..common.deployer_objects import EngineFlow, EngineRun, FoundDeployer
from ..common.own_packages import check_not_hidden
from .states import STATES
from .step_functions_deployer import StepFunctionsDeployer

if TYPE_CHECKING:
    from sfn import Deployment, Run


class StepFunctionsTriggeredRun(EngineRun):
    """A run on AWS Step Functions: `PENDING`, `RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`."""

    @cached_property
    def _execution(self) -> Run:
        from sfn.runs import find_run

        return find_run(self.deployer.aws, self.deployer.name, self._run_id)


class StepFunctionsDeployedFlow(EngineFlow):
    """A flow that is deployed to AWS Step Functions.

    When it is deleted, AWS ends the runs that are at work at their next state.
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
    """

    TYPE: ClassVar[str | None] = "step-functions"
    RUN = StepFunctionsTriggeredRun

    @classmethod
    def from_deployment(cls, identifier: str, metadata: str | None = None) -> StepFunctionsDeployedFlow:
        """A flow by the name of its state machine; its file is not needed.

        Args:
            identifier: the name, which is the `id` too.
            metadata: of the flow's runs, as in `local@/home/ada`; the client's own by default.

        Raises:
            MetaflowException: there is no such flow, or a module of the user's hides the package `sfn`.
            Refusal: no role is configured.
            AwsError: a call failed.
        """
        check_not_hidden("sfn")
        from sfn import StepFunctions

        from .deployment import connect

        aws = connect()
        try:
            deployment = StepFunctions.from_deployment(identifier, aws)
        except Refusal as refusal:
            raise MetaflowException(f"No deployed flow found for: {identifier} ({refusal})") from None
        return cls(_Found(deployment, metadata))

    @classmethod
    def list_deployed_flows(cls, flow_name: str | None = None) -> Iterator[StepFunctionsDeployedFlow]:
        """All flows that are deployed in the account and region and may be read, or the deployments of one.

        Raises:
            MetaflowException: a module of the user's hides the package `sfn`.
            AwsError: a call failed.
        """
        check_not_hidden("sfn")
        from sfn import StepFunctions

        from .deployment import connect

        for deployment in StepFunctions.list(flow_name or "", connect()):
            yield cls(_Found(deployment, None))

    @property
    def production_token(self) -> str | None:
        """The production token; `None` when nothing is deployed.

        Raises:
            AwsError: a call failed.
        """
        from sfn.deployment import look

        deployed = look(self.deployer.aws, self.name)
        return deployed.token if deployed else None

    def list_runs(self, states: list[str] | None = None) -> list[EngineRun]:
        """Runs of the flow, the latest first.

        Args:
            states: some of `RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT` and `ABORTED`; all by default.

        Raises:
            ValueError: another state, or one that is given twice.
            Refusal: nothing is deployed.
            AwsError: a call failed.
        """
        from sfn import StepFunctions

        wanted = states or []
        invalid = sorted(set(wanted) - set(STATES))
        if invalid:
            raise ValueError(f"Invalid states found: {invalid}. Valid states are: {', '.join(STATES)}")
        if len(wanted) != len(set(wanted)):
            raise ValueError("Duplicate states are not allowed")
        runs = StepFunctions.from_deployment(self.name, self.deployer.aws).runs(*wanted)
        return [self._run(run.id) for run in runs]


class _Found(FoundDeployer, StepFunctionsDeployer):
    """Deployer of a flow that was found on Step Functions."""

    def __init__(self, deployment: Deployment, metadata: str | None) -> None:
        super().__init__(
            deployment.name,
            deployment.flow,
            deployment.parameters,
            metadata,
            # The name is complete: nothing is to be put before it.
            env={"METAFLOW_SFN_STATE_MACHINE_PREFIX": deployment.name},
        )
