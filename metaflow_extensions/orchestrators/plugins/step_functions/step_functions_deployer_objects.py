"""What `Deployer(FILE).step_functions()` gives: flows that are deployed, and runs that were started."""

from __future__ import annotations

import json
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from metaflow.exception import MetaflowException
from metaflow.runner.deployer import DeployedFlow, TriggeredRun

from metaflow_provider.plan import Refusal

from ..common.deployer_commands import succeeds
from ..common.stand_in import stand_in
from .step_functions_deployer import StepFunctionsDeployer

if TYPE_CHECKING:
    from sfn import Deployment, Run

_AT_WORK = ("PENDING", "RUNNING")
_STATES = ("RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


class StepFunctionsTriggeredRun(TriggeredRun):
    """A run on AWS Step Functions."""

    @property
    def status(self) -> str:
        """`PENDING`, `RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`.

        Raises:
            Refusal: the flow has no such run.
            AwsError: the call failed.
        """
        return self._execution.status

    @property
    def is_running(self) -> bool:
        """Whether the run has not ended."""
        return self.status in _AT_WORK

    def wait_for_completion(self, check_interval: float = 5, timeout: float | None = None) -> None:
        """Wait for the run's end, however it ends.

        Args:
            check_interval: seconds between two looks.
            timeout: in seconds; `None`: as long as it takes.

        Raises:
            TimeoutError: the run has not ended.
            Refusal: the flow has no such run.
            AwsError: a call failed.
        """
        self._execution.wait(timeout=timeout, every=check_interval)

    def terminate(self, **kwargs: Any) -> bool:
        """End the run and its jobs; whether that succeeded, which it does not with a run that has ended.

        Args:
            **kwargs: `authorize`: production token of the flow, if it is another user's.
        """
        return succeeds(self.deployer, "terminate", run_id=self._run_id, **kwargs)

    @property
    def _run_id(self) -> str:
        return str(self.pathspec).rpartition("/")[2]

    @cached_property
    def _execution(self) -> Run:
        from sfn.runs import find_run

        return find_run(self.deployer.aws, self.deployer.name, self._run_id)


class StepFunctionsDeployedFlow(DeployedFlow):
    """A flow that is deployed to AWS Step Functions."""

    TYPE: ClassVar[str | None] = "step-functions"

    @classmethod
    def from_deployment(cls, identifier: str, metadata: str | None = None) -> StepFunctionsDeployedFlow:
        """A flow by the name of its state machine; its file is not needed.

        Args:
            identifier: the name, which is the `id` too.
            metadata: of the flow's runs, as in `local@/home/ada`; the client's own by default.

        Raises:
            MetaflowException: there is no such flow.
            Refusal: no role is configured.
            AwsError: a call failed.
        """
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
        """All flows that are deployed in the account and region, or the deployments of one flow.

        Raises:
            AwsError: a call failed.
        """
        from sfn import StepFunctions

        from .deployment import connect

        for deployment in StepFunctions.list(flow_name or "", connect()):
            yield cls(_Found(deployment, None))

    @classmethod
    def get_triggered_run(
        cls, identifier: str, run_id: str, metadata: str | None = None
    ) -> StepFunctionsTriggeredRun:
        """A run by its id; the flow's file is not needed.

        Raises:
            MetaflowException: there is no such flow.
            AwsError: a call failed.
        """
        return cls.from_deployment(identifier, metadata)._run(run_id)

    @property
    def id(self) -> str:
        """By which `from_deployment` finds the flow."""
        return str(self.name)

    @property
    def production_token(self) -> str | None:
        """The production token; `None` when nothing is deployed.

        Raises:
            AwsError: a call failed.
        """
        from sfn.deployment import look

        deployed = look(self.deployer.aws, self.name)
        return deployed.token if deployed else None

    def list_runs(self, states: list[str] | None = None) -> list[StepFunctionsTriggeredRun]:
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
        invalid = sorted(set(wanted) - set(_STATES))
        if invalid:
            raise ValueError(f"Invalid states found: {invalid}. Valid states are: {', '.join(_STATES)}")
        if len(wanted) != len(set(wanted)):
            raise ValueError("Duplicate states are not allowed")
        runs = StepFunctions.from_deployment(self.name, self.deployer.aws).runs(*wanted)
        return [self._run(run.id) for run in runs]

    def trigger(self, /, **kwargs: Any) -> StepFunctionsTriggeredRun:
        """Start a run.

        Args:
            **kwargs: values of the flow's parameters, by name; `-` in a name is `_` here.

        Raises:
            ValueError: a parameter that the flow does not have, or a missing one.
            TypeError: a value of the wrong type.
            MetaflowException: a value of an IncludeFile, for a flow that was found without its file.
            RuntimeError: nothing is deployed, or AWS refused; the text says why.
        """
        return StepFunctionsTriggeredRun(self.deployer, self.deployer.start(kwargs))

    def delete(self, **kwargs: Any) -> bool:
        """Remove the state machine and its schedule; whether that succeeded.

        AWS ends the runs that are at work at their next state.
        https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html

        Args:
            **kwargs: `authorize`: production token of the flow, if it is another user's.
        """
        return succeeds(self.deployer, "delete", **kwargs)

    def _run(self, run_id: str) -> StepFunctionsTriggeredRun:
        told = {"name": run_id, "metadata": self.metadata, "pathspec": f"{self.flow_name}/{run_id}"}
        return StepFunctionsTriggeredRun(self.deployer, json.dumps(told))


class _Found(StepFunctionsDeployer):
    """Deployer of a flow whose file is not here: a stand-in takes the file's place."""

    def __init__(self, deployment: Deployment, metadata: str | None) -> None:
        from metaflow.client.core import get_metadata

        text = stand_in(deployment.flow, deployment.parameters)
        folder = tempfile.mkdtemp(prefix="metaflow-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        file = Path(folder, f"{deployment.flow}.py")
        file.write_text(text, encoding="utf-8")
        super().__init__(
            {"name": deployment.name},
            flow_file=str(file),
            # The name is complete: nothing is to be put before it.
            env={"METAFLOW_SFN_STATE_MACHINE_PREFIX": deployment.name},
            pylint=False,
        )
        self.name = deployment.name
        self.flow_name = deployment.flow
        self.metadata = metadata or get_metadata()
        self._files = {parameter.name for parameter in deployment.parameters if parameter.type == "file"}

    def start(self, values: dict[str, Any]) -> str:
        """Start a run, unless a file is to be included: how it is read is written in the flow.

        Raises:
            MetaflowException: a value of an IncludeFile.
        """
        for name in self._files & values.keys():
            raise MetaflowException(
                f"The file of {self.flow_name} is needed to include one as {name}: "
                "use Deployer(FILE).step_functions()"
            )
        return super().start(values)

    def create(self, **kwargs: Any) -> StepFunctionsDeployedFlow:
        """Refuse: the stand-in would be deployed.

        Raises:
            MetaflowException: always.
        """
        raise MetaflowException(
            f"The file of {self.flow_name} is needed to deploy it again: use Deployer(FILE).step_functions()"
        )
