"""Step Functions from Python: compile a plan, edit the machine, see what would change, deploy, run.

from sfn import StepFunctions

flow = StepFunctions(plan)
flow.machine = flow.machine.with_state("train", timeout_seconds=600)
print(flow.plan().diff())
run = flow.plan().apply().trigger(alpha=3)
print(run.wait(), run.failure())
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from metaflow_provider.deployment import Change, apply, check_owner, difference, is_empty
from metaflow_provider.plan import FlowPlan, Refusal, loads

from . import deployment
from .account import Account
from .asl import Finding, StateMachine, check
from .aws import Aws, AwsError
from .deployment import Deployed
from .handle import Deployment
from .queues import job_queues
from .settings import HEADERS, Settings
from .translation.machine import Translation, translate
from .translation.translator import Translator


class StepFunctions:
    """A flow, to be deployed as a state machine.

    Args:
        flow: its plan, or the plan's JSON.
        settings: of the account, and wishes.
        translator: decides what becomes of each step.
        log_history: whether the history of runs goes to the account's log group.
        aws: where to deploy; by default what the environment says.

    Raises:
        PlanError: JSON that is no plan.

    Example:
        >>> StepFunctions(plan, Settings(queue="default")).plan().apply().trigger(alpha=3).wait()
        'SUCCEEDED'
    """

    def __init__(
        self,
        flow: FlowPlan | str,
        settings: Settings | None = None,
        *,
        translator: type[Translator] = Translator,
        log_history: bool = False,
        aws: Aws | None = None,
    ) -> None:
        self.flow = loads(flow) if isinstance(flow, str) else flow
        self.translator = translator(self.flow, settings or Settings())
        self._log_history = log_history
        self._aws = aws

    @cached_property
    def translation(self) -> Translation:
        """Machine and job definitions, made offline when first asked for.

        Raises:
            Refusal: the flow has something that AWS does not take.
        """
        return translate(self.translator)

    def compile(self) -> StateMachine:
        """The state machine; offline. Assign an edited one to `machine`.

        Raises:
            Refusal: the flow has something that AWS does not take.
        """
        return self.machine

    @property
    def machine(self) -> StateMachine:
        """The state machine that would be deployed."""
        return self.translation.machine

    @machine.setter
    def machine(self, machine: StateMachine) -> None:
        self.translation = replace(self.translation, machine=machine)

    def check(self) -> list[Finding]:
        """What AWS would refuse or fail at in the machine; offline."""
        from .integrations import problems

        return check(self.machine, problems)

    def plan(self, authorize: str = "") -> DeploymentPlan:
        """What a deployment would change. Reads from AWS, and changes nothing.

        Args:
            authorize: production token of what is deployed, if it is another user's.

        Raises:
            Refusal: the machine has errors, a role or a secret is missing, what is deployed is another
                user's or no Metaflow flow, a schedule of its name starts something else, a step has no job
                queue, or a job queue is of another platform than was thought.
            AwsError: a call failed.
        """
        _refuse_errors(self.check())
        aws = self._aws or Aws(Account.from_environment())
        _refuse_lost_headers(self.flow, self.translator.settings)
        self._check_place(aws)
        arn = aws.machine_arn(self.flow.name)
        wanted = deployment.wanted(
            self.flow, self.translation, aws.account, arn, log_history=self._log_history
        )
        existing = deployment.look_around(aws, self.flow.name, self.translation.job_definitions)
        if existing.deployed:
            check_owner(existing.deployed, "AWS Step Functions", self.flow.owner, authorize)
        before = existing.deployed.machine.tags if existing.deployed else {}
        machine = replace(wanted.machine, tags={**before, **wanted.machine.tags})
        deployed = Deployed(machine, self.flow.owner, self.flow.production_token, self.flow.flow)
        return DeploymentPlan(deployed, tuple(deployment.changes(existing, wanted)), aws)

    @classmethod
    def from_deployment(cls, name: str, aws: Aws | None = None) -> Deployment:
        """What is deployed under a name; neither the flow's file nor its plan is needed.

        Raises:
            Refusal: nothing is, or a machine that is no Metaflow flow.
            AwsError: a call failed.
        """
        aws = aws or Aws(Account.from_environment())
        deployed = deployment.look(aws, name)
        if deployed is None:
            raise Refusal(
                f"The workflow {name} doesn't exist on AWS Step Functions",
                remedy="please deploy your flow first",
            )
        return Deployment(aws, deployed)

    @classmethod
    def list(
        cls, flow: str = "", aws: Aws | None = None, skipped: Callable[[AwsError], None] = lambda error: None
    ) -> Iterator[Deployment]:
        """Everything that is deployed in account and region, by stock Metaflow too; two calls a machine.

        Args:
            flow: class name of the flow, for its deployments alone.
            aws: where to look.
            skipped: is told of each state machine that may not be read, and is left out.

        Raises:
            AwsError: a call failed.
        """
        aws = aws or Aws(Account.from_environment())
        for arn in aws.states.machines():
            try:
                machine = aws.states.machine(arn)
            except AwsError as error:
                if not error.is_denied:
                    raise
                skipped(error)
                continue
            deployed = deployment.identified(machine) if machine else None
            if deployed and flow in ("", deployed.flow):
                yield Deployment(aws, deployed)

    def _check_place(self, aws: Aws) -> None:
        settings = self.translator.settings
        if settings.partition != aws.account.partition:
            raise Refusal(
                f"the machine is for partition {settings.partition}, the role's is {aws.account.partition}",
                remedy=f"use Settings(partition='{aws.account.partition}')",
            )
        for queue in job_queues(self.translator):
            thought, is_ = settings.platform(queue), aws.batch.platform(queue)
            if thought != is_:
                raise Refusal(
                    f"job queue {queue} is of platform {is_}, the job definitions are for {thought}",
                    remedy=f"use Settings(platforms={{'{queue}': '{is_}'}})",
                )


@dataclass(frozen=True)
class DeploymentPlan:
    """What a deployment would change.

    Attributes:
        deployed: what is deployed once the changes are made.
        changes: in their order; those of things that stay as they are too.
    """

    deployed: Deployed
    changes: tuple[Change[Aws], ...]
    aws: Aws = field(repr=False, compare=False)

    @property
    def is_empty(self) -> bool:
        """Whether all is as it should be."""
        return is_empty(self.changes)

    def diff(self) -> str:
        """The changes for people to read; empty when there is none."""
        return difference(self.changes)

    def apply(self, tell: Callable[[Change[Aws]], None] = lambda change: None) -> Deployment:
        """Make the changes; all are undone when one fails.

        For some seconds after an update, AWS may start runs with the machine as it was before.
        https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateStateMachine.html

        Args:
            tell: is told of each change just before it is made.

        Raises:
            AwsError: a change failed; the text says what became of the others.
        """
        apply(self.aws, self.changes, tell)
        return Deployment(self.aws, self.deployed)


def _refuse_lost_headers(flow: FlowPlan, settings: Settings) -> None:
    """Jobs could not talk to a metadata service that wants headers, which reach them by a secret alone."""
    configured = os.environ.get(HEADERS) and flow.runtime.metadata == "service"
    if configured and HEADERS not in settings.secrets:
        raise Refusal(
            f"{HEADERS} is set, and would not reach the jobs",
            remedy=f"keep them in AWS Secrets Manager, and use Settings(secrets={{'{HEADERS}': ARN}})",
        )


def _refuse_errors(findings: Collection[Finding]) -> None:
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise Refusal(f"AWS would refuse the state machine: {errors[0]}{more}")
