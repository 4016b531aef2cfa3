"""The commands' work: compile offline, deploy, and look at what is deployed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from metaflow_provider.plan import FlowPlan, Refusal
from sfn import Account, Aws, Deployment, StepFunctions
from sfn.api import DeploymentPlan
from sfn.comment import package_in
from sfn.deployment import creation, look
from sfn.settings import EC2, FARGATE, Settings

from ..common.code_package import BuiltPackage, build_package
from ..common.datastore import check_reachable
from ..common.included_files import with_addresses
from ..common.metadata_service import check_metadata_service, tell_local_metadata
from ..common.plan_file import PLAN_FILE, check_folder, plan_text
from ..common.say import say, tell_change, tell_replaced_flow
from ..common.tokens import (
    Token,
    TokenWishes,
    announce_token,
    authorize_change,
    offline_token,
    remember_token,
    resolve_token,
)
from ..common.upload import upload
from .compilation import SfnWishes, read_plan, read_settings, read_translator, with_platforms

ENGINE = "AWS Step Functions"
COMMAND = "step-functions create"
_NOT_IN_EVERY_DEPLOYMENT = re.compile(r"job-definition-metaflow-[0-9a-f]{32}\.json|schedule\.json")


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
    """

    compiled: Compiled
    changes: DeploymentPlan
    token: Token


def connect(settings: Mapping[str, str] | None = None) -> Aws:
    """AWS as Metaflow is configured for it.

    Args:
        settings: variables, `METAFLOW_...`, that come before this process's configuration.

    Raises:
        Refusal: no role is configured.
    """
    names = ("SFN_IAM_ROLE", "EVENTS_SFN_ACCESS_IAM_ROLE", "SFN_EXECUTION_LOG_GROUP_ARN")
    own = {f"METAFLOW_{name}": _setting(name) for name in names}
    given = {name: value for name, value in (settings or {}).items() if value}
    return Aws(Account.from_environment({**own, **given}))


def _setting(name: str) -> str:
    """A setting of Metaflow's configuration, without `METAFLOW_`; empty when it has none."""
    from metaflow import metaflow_config

    return getattr(metaflow_config, name) or ""


def compile_offline(state: Any, wishes: SfnWishes, tokens: TokenWishes | None = None) -> Compiled:
    """Compile without any look at AWS; nothing is uploaded.

    Args:
        state: the `obj` of a click command of Metaflow's.
        wishes: what was asked for.
        tokens: what was asked for about the production token.

    Raises:
        Refusal: the flow, or a wish, cannot be met.
        MetaflowException: wishes about the token that contradict each other or `@project`.
    """
    from metaflow.metaflow_config import SFN_BATCH_PLATFORM

    plan = read_plan(state, wishes)
    platform = (SFN_BATCH_PLATFORM or EC2).upper()
    if platform not in (EC2, FARGATE):
        raise Refusal(f"METAFLOW_SFN_BATCH_PLATFORM is {platform}", remedy=f"set it to {EC2} or {FARGATE}")
    settings = with_platforms(plan, read_settings(state, wishes), lambda queue: platform)
    if not SFN_BATCH_PLATFORM:
        state.echo(
            f"The job queues are taken for {EC2} ones; if they are not, set METAFLOW_SFN_BATCH_PLATFORM. "
            "A deployment looks at them."
        )
    plan = replace(plan, production_token=offline_token(state.deployment_name, tokens))
    plan = with_addresses(plan, state.flow)
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
    aws = connect()
    settings = with_platforms(plan, read_settings(state, wishes), aws.batch.platform)
    check_reachable(state.flow_datastore)
    deployed = look(aws, plan.name)
    previous = (deployed.owner, deployed.token) if deployed else None
    echo = (lambda *_, **__: None) if quiet else state.echo
    if deployed:
        tell_replaced_flow(echo, plan.name, deployed.flow, plan.flow)
    token = resolve_token(state.deployment_name, ENGINE, COMMAND, previous, tokens, echo)
    package = build_package(state, for_containers=True)
    if deployed:
        package = package.same_as(package_in(deployed.machine.definition), state.flow_datastore)
    plan = replace(with_addresses(plan, state.flow), production_token=token.value)
    compiled = _compiled(plan, settings, package, aws, log_history)
    changes = compiled.flow.plan(authorize=deployed.token if deployed else "")
    return Planned(compiled, changes, token)


def deploy(state: Any, wishes: SfnWishes, tokens: TokenWishes, *, log_history: bool) -> Deployment:
    """Deploy the flow; all that was changed is undone when a change fails.

    Raises:
        Refusal: the flow, or a wish, cannot be met; nothing has been changed.
        AwsError: a call failed.
    """
    planned = plan_deployment(state, wishes, tokens, log_history=log_history)
    check_metadata_service(state)
    tell_local_metadata(state)
    changes, token = planned.changes, planned.token
    upload(state, planned.compiled.package, planned.compiled.flow.flow)
    deployment = changes.apply(lambda change: tell_change(state.echo, change))
    if changes.is_empty:
        state.echo("    nothing has changed")
    remember_token(state.deployment_name, token)
    announce_token(token, ENGINE, COMMAND, state.echo)
    return deployment


def write_objects(compiled: Compiled, folder: Path, *, log_history: bool) -> list[Path]:
    """Write every object of a deployment to a file of its own; returns the files.

    Those that a former deployment has left in the folder, and this one does not have, are removed.

    Raises:
        Refusal: the folder cannot be written to, or there is no log group for the history of runs.
    """
    flow = compiled.flow
    objects: dict[str, Any] = {
        "state-machine.json": flow.machine.to_dict(),
        "create-state-machine.json": creation(
            flow.flow,
            _setting("SFN_IAM_ROLE"),
            _setting("SFN_EXECUTION_LOG_GROUP_ARN"),
            log_history=log_history,
        ),
        "settings.json": json.loads(flow.translator.settings.to_json()),
    }
    for name, job in flow.translation.job_definitions.items():
        objects[f"job-definition-{name}.json"] = job.to_dict()
    if flow.translation.schedule:
        objects["schedule.json"] = flow.translation.schedule
    texts = {name: json.dumps(content, indent=2, sort_keys=True) + "\n" for name, content in objects.items()}
    texts[PLAN_FILE] = plan_text(flow.flow)
    try:
        check_folder(folder, texts)
        folder.mkdir(parents=True, exist_ok=True)
        for file in _written_before(folder):
            file.unlink()
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Refusal(
            f"the folder {folder} cannot be written to: {error.strerror}", remedy="choose another"
        ) from None
    return [folder / name for name in texts]


def _written_before(folder: Path) -> list[Path]:
    """Files of an earlier deployment that the next one may not have."""
    if not (folder / PLAN_FILE).exists():
        return []
    return [file for file in folder.iterdir() if _NOT_IN_EVERY_DEPLOYMENT.fullmatch(file.name)]


def deployed_flow(state: Any) -> Deployment:
    """What is deployed under the flow's name.

    Raises:
        Refusal: nothing is.
        AwsError: a call failed.
    """
    return StepFunctions.from_deployment(state.deployment_name.name, connect())


def tell_triggers(state: Any) -> None:
    """Say what starts a run."""
    state.echo("What will trigger execution of the workflow:", bold=True)
    schedules = state.flow._flow_decorators.get("schedule")
    if not schedules or not schedules[0].schedule:
        state.echo("No triggers defined. You need to launch this workflow manually.", indent=True)
        return
    zone = f" ({schedules[0].timezone})" if schedules[0].timezone else ""
    say(
        state.echo,
        "This workflow triggers automatically via a cron schedule *{}*{} defined in AWS EventBridge.",
        *(schedules[0].schedule, zone),
        indent=True,
    )


def tell_missing_roles(state: Any, compiled: Compiled) -> None:
    """Say which roles a deployment would ask for; compiling needs none."""
    needed = ["SFN_IAM_ROLE"]
    if compiled.flow.translation.schedule:
        needed.append("EVENTS_SFN_ACCESS_IAM_ROLE")
    for name in needed:
        if not _setting(name):
            state.echo(f"METAFLOW_{name} is not set; {COMMAND} needs it")


def refuse_ended(run: Any) -> None:
    """Refuse to end a run that has ended.

    Raises:
        Refusal: says how it ended.
    """
    status = run.status
    if status != "RUNNING":
        raise Refusal(f"Could not find the execution {run.execution.name} (in RUNNING state): it is {status}")


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
