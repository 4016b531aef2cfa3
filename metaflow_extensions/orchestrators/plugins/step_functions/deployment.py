"""The commands' work: compile offline, deploy, and look at what is deployed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from metaflow_provider.plan import FlowPlan, Refusal, dumps
from metaflow_provider.plan.reader import with_included_files
from sfn import Account, Aws, Deployment, StepFunctions
from sfn.api import DeploymentPlan
from sfn.comment import package_in
from sfn.deployment import look
from sfn.settings import EC2, FARGATE, Settings

from ..common.code_package import BuiltPackage, build_package
from ..common.datastore import check_reachable
from ..common.metadata_service import check_metadata_service
from ..common.tokens import (
    Token,
    TokenWishes,
    announce_token,
    authorize_change,
    offline_token,
    remember_token,
    resolve_token,
)
from .compilation import SfnWishes, read_plan, read_queues, read_settings, read_translator

ENGINE = "AWS Step Functions"
COMMAND = "step-functions create"


@dataclass(frozen=True)
class Compiled:
    """A flow that could be deployed."""

    flow: StepFunctions
    package: BuiltPackage


@dataclass(frozen=True)
class Planned:
    """A deployment that has not begun.

    Attributes:
        changes: what it would change.
        token: production token that the flow gets.
        old_token: that of what is deployed; empty if nothing is.
    """

    compiled: Compiled
    changes: DeploymentPlan
    token: Token
    old_token: str


def connect(settings: Mapping[str, str] | None = None) -> Aws:
    """AWS as Metaflow is configured for it.

    Args:
        settings: variables, `METAFLOW_...`, that come before this process's configuration.

    Raises:
        Refusal: no role is configured.
    """
    from metaflow import metaflow_config

    def setting(name: str) -> str:
        return (settings or {}).get(f"METAFLOW_{name}") or getattr(metaflow_config, name) or ""

    role = setting("SFN_IAM_ROLE")
    if not role:
        raise Refusal(
            "No IAM role found for AWS Step Functions", remedy="set METAFLOW_SFN_IAM_ROLE to its ARN"
        )
    return Aws(Account(role, setting("EVENTS_SFN_ACCESS_IAM_ROLE"), setting("SFN_EXECUTION_LOG_GROUP_ARN")))


def compile_offline(state: Any, wishes: SfnWishes, *, include_files: bool = False) -> Compiled:
    """Compile without any look at AWS.

    Args:
        state: the `obj` of a click command of Metaflow's.
        wishes: what was asked for.
        include_files: put the files of IncludeFile defaults into the datastore, since objects name them.

    Raises:
        Refusal: the flow, or a wish, cannot be met.
    """
    from metaflow.metaflow_config import SFN_BATCH_PLATFORM

    plan = read_plan(state, wishes)
    platform = (SFN_BATCH_PLATFORM or EC2).upper()
    if platform not in (EC2, FARGATE):
        raise Refusal(f"METAFLOW_SFN_BATCH_PLATFORM is {platform}", remedy=f"set it to {EC2} or {FARGATE}")
    queues = read_queues(plan)
    if not SFN_BATCH_PLATFORM:
        state.echo(
            f"The job queues are taken for {EC2} ones; if they are not, set METAFLOW_SFN_BATCH_PLATFORM. "
            "A deployment looks at them."
        )
    settings = read_settings(state, wishes, dict.fromkeys(queues, platform))
    plan = replace(plan, production_token=offline_token(state.deployment_name))
    if include_files:
        plan = with_included_files(plan, state.flow)
    else:
        _tell_files(state, plan)
    return _compiled(plan, settings, build_package(state, for_containers=True))


def plan_deployment(
    state: Any, wishes: SfnWishes, tokens: TokenWishes, *, log_history: bool, quiet: bool = False
) -> Planned:
    """Everything that a deployment would change; nothing has been changed.

    Raises:
        Refusal: the flow, or a wish, cannot be met.
        AwsError: a call failed.
    """
    plan = read_plan(state, wishes)
    queues = read_queues(plan)
    aws = connect()
    check_reachable(state.flow_datastore)
    settings = read_settings(state, wishes, {queue: aws.batch.platform(queue) for queue in queues})
    deployed = look(aws, plan.name)
    previous = (deployed.owner, deployed.token) if deployed else None
    echo = (lambda *_, **__: None) if quiet else state.echo
    token = resolve_token(state.deployment_name, ENGINE, COMMAND, previous, tokens, echo)
    package = build_package(state, for_containers=True)
    if deployed:
        package = package.same_as(package_in(deployed.machine.definition), state.flow_datastore)
    plan = replace(plan, production_token=token.value)
    compiled = _compiled(plan, settings, package, aws, log_history)
    if quiet:
        _tell_files(state, plan)
    old_token = deployed.token if deployed else ""
    return Planned(compiled, compiled.flow.plan(authorize=old_token), token, old_token)


def deploy(state: Any, wishes: SfnWishes, tokens: TokenWishes, *, log_history: bool) -> Deployment:
    """Deploy the flow; all that was changed is undone when a change fails.

    Raises:
        Refusal: the flow, or a wish, cannot be met; nothing has been changed.
        AwsError: a call failed.
    """
    planned = plan_deployment(state, wishes, tokens, log_history=log_history)
    check_metadata_service(state)
    changes, flow, token = planned.changes, planned.compiled.flow, planned.token
    planned.compiled.package.upload(state.flow_datastore)
    if any(parameter.type == "file" for parameter in flow.flow.parameters):
        flow = flow.with_flow(with_included_files(flow.flow, state.flow))
        changes = flow.plan(authorize=planned.old_token)
    deployment = changes.apply(lambda change: state.echo(f"    {change.action} {change.kind} {change.name}"))
    if changes.is_empty:
        state.echo("    nothing has changed")
    remember_token(state.deployment_name, token)
    announce_token(token, ENGINE, COMMAND, state.echo)
    return deployment


def write_objects(compiled: Compiled, folder: Path) -> list[Path]:
    """Write every object of a deployment to a file of its own; returns the files.

    Raises:
        Refusal: the folder cannot be written to.
    """
    flow = compiled.flow
    objects: dict[str, Any] = {"state-machine.json": flow.machine.to_dict()}
    objects["plan.json"] = json.loads(dumps(flow.flow))
    for name, job in flow.translation.job_definitions.items():
        objects[f"job-definition-{name}.json"] = job.to_dict()
    for schedule in flow.flow.schedules:
        objects["schedule.json"] = {"cron": schedule.cron, "timezone": schedule.timezone or "UTC"}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in objects.items():
            (folder / name).write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    except OSError as error:
        raise Refusal(
            f"the folder {folder} cannot be written to: {error.strerror}", remedy="choose another"
        ) from None
    return [folder / name for name in objects]


def deployed_flow(state: Any) -> Deployment:
    """What is deployed under the flow's name.

    Raises:
        Refusal: nothing is.
        AwsError: a call failed.
    """
    return StepFunctions.from_deployment(state.deployment_name.name, connect())


def trigger_explanation(state: Any) -> str:
    """What starts a run."""
    schedules = state.flow._flow_decorators.get("schedule")
    if not schedules or not schedules[0].schedule:
        return "No triggers defined. You need to launch this workflow manually."
    zone = f" ({schedules[0].timezone})" if schedules[0].timezone else ""
    return (
        "This workflow triggers automatically via a cron schedule "
        f"*{schedules[0].schedule}*{zone} defined in AWS EventBridge."
    )


def refuse_ended(run: Any) -> None:
    """Refuse to end a run that has ended.

    Raises:
        Refusal: says how it ended.
    """
    if run.status != "RUNNING":
        raise Refusal(
            f"Could not find the execution {run.execution.name} (in RUNNING state): it is {run.status}"
        )


def authorized(state: Any, authorize: str | None, command: str) -> Deployment:
    """What is deployed, if this user may change it.

    Raises:
        Refusal: nothing is deployed.
        IncorrectProductionToken: it is another user's, and their token was not given.
    """
    deployment = deployed_flow(state)
    previous = (deployment.owner, deployment.token)
    authorize_change(
        state.deployment_name, ENGINE, f"step-functions {command}", previous, authorize, state.echo
    )
    remember_token(state.deployment_name, Token(deployment.token, is_new=False))
    return deployment


def _tell_files(state: Any, plan: FlowPlan) -> None:
    files = [parameter.name for parameter in plan.parameters if parameter.type == "file"]
    if files:
        state.echo(
            f"The default of {', '.join(files)} is left out: a deployment puts the file into the datastore."
        )


def _compiled(
    plan: FlowPlan,
    settings: Settings,
    package: BuiltPackage,
    aws: Aws | None = None,
    log_history: bool = False,
) -> Compiled:
    plan = replace(plan, code=package.description)
    flow = StepFunctions(plan, settings, translator=read_translator(), log_history=log_history, aws=aws)
    return Compiled(flow, package)
