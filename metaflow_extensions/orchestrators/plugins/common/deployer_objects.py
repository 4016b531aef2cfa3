"""What the Deployers of all engines give: flows that are deployed, and runs that were started."""

from __future__ import annotations

import json
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from metaflow.exception import MetaflowException
from metaflow.runner.deployer import DeployedFlow, TriggeredRun

from metaflow_provider.plan.model import Parameter

from .deployer_commands import succeeds
from .engine_deployer import EngineDeployer
from .stand_in import stand_in

_AT_WORK = ("PENDING", "RUNNING")


class EngineRun(TriggeredRun):
    """A run on an engine."""

    @property
    def status(self) -> str:
        """In upper case, as the engine calls it: `RUNNING`, `SUCCEEDED`, `FAILED` ..."""
        return str(self._execution.status)

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
            ServiceError: a call failed.
        """
        self._execution.wait(timeout=timeout, every=check_interval)

    def terminate(self, **kwargs: Any) -> bool:
        """End the run and its tasks; whether that succeeded, which it does not with a run that has ended.

        Args:
            **kwargs: `authorize`: production token of the flow, if it is another user's.
        """
        return succeeds(self.deployer, "terminate", run_id=self._run_id, **kwargs)

    @property
    def _run_id(self) -> str:
        return str(self.pathspec).rpartition("/")[2]

    @cached_property
    def _execution(self) -> Any:
        """The run as the engine's package has it."""
        raise NotImplementedError


class EngineFlow(DeployedFlow):
    """A flow that is deployed to an engine."""

    RUN: ClassVar[type[EngineRun]]

    @classmethod
    def from_deployment(cls, identifier: str, metadata: str | None = None) -> EngineFlow:
        """A flow by the name of its deployment; its file is not needed."""
        raise NotImplementedError

    @classmethod
    def get_triggered_run(cls, identifier: str, run_id: str, metadata: str | None = None) -> EngineRun:
        """A run by its id; the flow's file is not needed.

        Raises:
            MetaflowException: there is no such flow.
            ServiceError: a call failed.
        """
        return cls.from_deployment(identifier, metadata)._run(run_id)

    @property
    def id(self) -> str:
        """By which `from_deployment` finds the flow."""
        return str(self.name)

    def trigger(self, /, **kwargs: Any) -> EngineRun:
        """Start a run.

        Args:
            **kwargs: values of the flow's parameters, by name; `-` in a name is `_` here.

        Raises:
            ValueError: a parameter that the flow does not have, or a missing one.
            TypeError: a value of the wrong type.
            MetaflowException: a value of an IncludeFile, for a flow that was found without its file.
            RuntimeError: nothing is deployed, or the engine refused; the text says why.
        """
        return self.RUN(self.deployer, self.deployer.start(kwargs))

    def delete(self, **kwargs: Any) -> bool:
        """Remove the flow and its schedule from the engine; whether that succeeded.

        Args:
            **kwargs: `authorize`: production token of the flow, if it is another user's.
        """
        return succeeds(self.deployer, "delete", **kwargs)

    def _run(self, run_id: str) -> EngineRun:
        told = {"name": run_id, "metadata": self.metadata, "pathspec": f"{self.flow_name}/{run_id}"}
        return self.RUN(self.deployer, json.dumps(told))


class FoundDeployer(EngineDeployer):
    """Deployer of a flow whose file is not here: a stand-in takes the file's place.

    Args:
        name: of the deployment.
        flow: class name of the flow.
        parameters: what a run may be given.
        metadata: of the flow's runs; the client's own by default.
        env: further variables of the commands.
    """

    def __init__(
        self,
        name: str,
        flow: str,
        parameters: Iterable[Parameter],
        metadata: str | None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        from metaflow.client.core import get_metadata

        parameters = list(parameters)
        text = stand_in(flow, parameters)
        folder = tempfile.mkdtemp(prefix="metaflow-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        file = Path(folder, f"{flow}.py")
        file.write_text(text, encoding="utf-8")
        super().__init__({"name": name}, flow_file=str(file), env=dict(env or {}), pylint=False)
        self.name = name
        self.flow_name = flow
        self.metadata = metadata or get_metadata()
        self._files = {parameter.name for parameter in parameters if parameter.type == "file"}

    def start(self, values: dict[str, Any]) -> str:
        """Start a run, unless a file is to be included: how it is read is written in the flow.

        Raises:
            MetaflowException: a value of an IncludeFile.
        """
        for name in self._files & values.keys():
            raise MetaflowException(
                f"The file of {self.flow_name} is needed to include one as {name}: use {self._way}"
            )
        return super().start(values)

    def create(self, **kwargs: Any) -> Any:
        """Refuse: the stand-in would be deployed.

        Raises:
            MetaflowException: always.
        """
        raise MetaflowException(f"The file of {self.flow_name} is needed to deploy it again: use {self._way}")

    @property
    def _way(self) -> str:
        return f"Deployer(FILE).{str(self.TYPE).replace('-', '_')}()"
