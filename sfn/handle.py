"""A deployed flow in hand: start it, follow its runs, remove it. Needs neither its file nor its plan."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from metaflow_provider.deployment import Change, apply, check_names, own_run_id
from metaflow_provider.plan import Refusal
from metaflow_provider.plan.model import Parameter

from .asl import StateMachine, parse
from .aws import Aws
from .comment import parameters_in
from .deployment import Deployed, look_around, removal
from .runs import Run, find_run, list_runs, start_run

# A state's arguments have this limit too: besides the values, `parameters.put` passes a bucket of up to 63
# bytes and a key of up to 1,024. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
_LONGEST_INPUT = 256 * 1024 - 2048


class Deployment:
    """A flow that is deployed.

    Example:
        >>> deployment = StepFunctions.from_deployment("Train")
        >>> deployment.flow, deployment.owner
        ('TrainFlow', 'ada')
    """

    def __init__(self, aws: Aws, deployed: Deployed) -> None:
        self._aws = aws
        self.deployed = deployed

    @property
    def name(self) -> str:
        """Name of the deployment, by which `from_deployment` finds it."""
        return self.deployed.name

    @property
    def flow(self) -> str:
        """Class name of the flow."""
        return self.deployed.flow

    @property
    def owner(self) -> str:
        """User who deployed it."""
        return self.deployed.owner

    @property
    def token(self) -> str:
        """Production token, without `production:`."""
        return self.deployed.token

    @property
    def machine(self) -> StateMachine:
        """The state machine in AWS.

        Raises:
            ParseError: it was edited into something that cannot be read.
        """
        return parse(self.deployed.machine.definition)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What a run may be given, without defaults; nothing is known of what stock Metaflow deployed."""
        return parameters_in(self.deployed.machine.definition)

    def trigger(self, /, **parameters: Any) -> Run:
        """Start a run with these parameters: JSON values, or text as on the command line.

        Raises:
            Refusal: the flow has no such parameter, or the values are too long for AWS, or no JSON.
            AwsError: the call failed.
        """
        return self.start(parameters)

    def start(self, parameters: Mapping[str, Any], name: str = "") -> Run:
        """As `trigger`, under a name of your own: starting the same again does nothing.

        Example:
            >>> deployment.start({"date": "2026-08-22"}, name="daily-2026-08-22").id
            'sfn-daily-2026-08-22'
        """
        known = [parameter.name for parameter in self.parameters]
        if known:
            check_names(self.flow, known, parameters)
        return start_run(self._aws, self.deployed.machine.arn, _input(parameters), name)

    def runs(self, *statuses: str) -> Iterator[Run]:
        """Runs, the latest first; of some statuses if they are given.

        Raises:
            AwsError: a call failed.
        """
        return list_runs(self._aws, self.deployed.machine.arn, statuses)

    def run(self, run_id: str) -> Run:
        """A run by its id, `sfn-NAME` or `FLOW/sfn-NAME`.

        Raises:
            Refusal: it is another flow's, or there is no such run.
            AwsError: the call failed.
        """
        return find_run(self._aws, self.name, own_run_id(self.flow, run_id))

    def delete(self, tell: Callable[[Change[Aws]], None] = lambda change: None) -> None:
        """Remove the state machine and what starts it; job definitions stay.

        AWS ends the runs that are at work at their next state.
        https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html

        Raises:
            AwsError: a call failed; what was removed before has been put back.
        """
        existing = look_around(self._aws, self.name)
        if existing.deployed:
            apply(self._aws, removal(existing), tell)


def _input(parameters: Mapping[str, Any]) -> str:
    for name, value in parameters.items():
        _check_json(name, value)
    values = json.dumps(parameters, ensure_ascii=False)
    text = json.dumps({"Parameters": values}, ensure_ascii=False)
    size = len(text.encode())
    if size > _LONGEST_INPUT:
        raise Refusal(
            f"Length of parameter names and values is {size} bytes, Step Functions takes {_LONGEST_INPUT}",
            remedy="put the data in S3, and pass its address",
        )
    return text


def _check_json(name: str, value: Any) -> None:
    try:
        json.dumps({name: value}, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise Refusal(
            f"the value of parameter {name!r} is no JSON: {error}",
            remedy="pass text, numbers, lists, objects",
        ) from None
