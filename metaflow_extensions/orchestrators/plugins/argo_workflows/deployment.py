"""The commands' work: compile offline, deploy, and look at what is deployed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hera_bridge.api import ArgoWorkflows
from hera_bridge.checks import Finding, check
from hera_bridge.clients import Client, Kubernetes, write_objects
from hera_bridge.deployment import Deployed, look
from hera_bridge.deployment_plan import DeploymentPlan
from hera_bridge.handle import Deployment
from hera_bridge.runs import Run
from hera_bridge.settings import Settings
from hera_bridge.values import Stored
from metaflow_provider.plan import FlowPlan, Refusal
from metaflow_provider.plan.reader.runtime import owner

from ..common.code_package import BuiltPackage, build_package
from ..common.datastore import check_reachable
from ..common.included_files import with_addresses
from ..common.metadata_service import check_metadata_service, tell_local_metadata
from ..common.plan_file import PLAN_FILE, check_folder, plan_text
from ..common.say import tell_change, tell_replaced_flow
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
from .compilation import ArgoWishes, read_plan, read_settings, read_translator
from .secrets import ReferredSecrets

ENGINE = "Argo Workflows"
COMMAND = "argo-workflows create"
# Of a run's parameters, in bytes; and what is never worth an object of its own.
_LONGEST_VALUES, _SHORT_VALUE = 100 * 1024, 1024


@dataclass(frozen=True)
class Compiled:
    """A flow that could be deployed.

    Attributes:
        secrets: what its pods need and its objects do not hold.
    """

    flow: ArgoWorkflows
    package: BuiltPackage
    secrets: ReferredSecrets

    @property
    def template(self) -> dict[str, Any]:
        """The WorkflowTemplate, which is what stock Metaflow prints and tells."""
        return self.flow.bundle.objects()[0]

    def check(self) -> list[Finding]:
        """What Argo Workflows and Kubernetes would not take, whatever their version."""
        return check(self.flow.bundle.objects())


@dataclass(frozen=True)
class Planned:
    """A deployment that has not begun.

    Attributes:
        changes: what it would change.
        token: production token that the flow gets.
        replaced: name of an older deployment that it removes; empty if there is none.
    """

    compiled: Compiled
    changes: DeploymentPlan
    token: Token
    replaced: str


def connect(namespace: str = "") -> Client:
    """The cluster as Metaflow is configured for it.

    Args:
        namespace: that comes before METAFLOW_KUBERNETES_NAMESPACE.
    """
    from metaflow.metaflow_config import KUBERNETES_NAMESPACE

    return Kubernetes(namespace or KUBERNETES_NAMESPACE)


def compile_offline(state: Any, wishes: ArgoWishes, tokens: TokenWishes | None = None) -> Compiled:
    """Compile without any look at a cluster; nothing is uploaded.

    Args:
        state: the `obj` of a click command of Metaflow's.
        wishes: what was asked for.
        tokens: and for which production token.

    Raises:
        Refusal: the flow, or a wish, cannot be met.
    """
    plan = read_plan(state, wishes)
    secrets = ReferredSecrets(plan.name)
    settings = read_settings(state, wishes, secrets)
    plan = replace(plan, production_token=offline_token(state.deployment_name, tokens))
    plan = with_addresses(plan, state.flow)
    return _compiled(plan, settings, build_package(state, for_containers=True), secrets)


def plan_deployment(state: Any, wishes: ArgoWishes, tokens: TokenWishes, *, quiet: bool = False) -> Planned:
    """Everything that a deployment would change; nothing has been changed.

    Raises:
        Refusal: the flow, or a wish, cannot be met.
        ArgoError: a call failed.
    """
    plan = read_plan(state, wishes)
    secrets = ReferredSecrets(plan.name)
    settings = read_settings(state, wishes, secrets)
    client = connect()
    settings = _with_jobs(settings, plan, client)
    deployed, old = look(client, plan.name), _of_old_name(client, state)
    check_reachable(state.flow_datastore)
    known = deployed or old
    previous = (known.owner, known.token) if known else None
    echo = (lambda *_, **__: None) if quiet else state.echo
    if known:
        tell_replaced_flow(echo, known.name, known.flow, plan.flow)
    token = resolve_token(state.deployment_name, ENGINE, COMMAND, previous, tokens, echo)
    package = build_package(state, for_containers=True)
    if deployed:
        package = package.same_as(_package_in(deployed.template), state.flow_datastore)
    plan = replace(with_addresses(plan, state.flow), production_token=token.value)
    compiled = _compiled(plan, settings, package, secrets, client)
    replaced = old.name if old else ""
    changes = compiled.flow.plan(
        authorize=known.token if known else "",
        secrets=secrets.objects(settings.namespace),
        replaces=replaced,
    )
    return Planned(compiled, changes, token, replaced)


def deploy(state: Any, wishes: ArgoWishes, tokens: TokenWishes) -> Planned:
    """Deploy the flow; all that was changed is undone when a change fails.

    Raises:
        Refusal: the flow, or a wish, cannot be met; nothing has been changed.
        ArgoError: a call failed.
    """
    planned = plan_deployment(state, wishes, tokens)
    check_metadata_service(state)
    tell_local_metadata(state)
    changes, token = planned.changes, planned.token
    changes.rehearse()
    upload(state, planned.compiled.package, planned.compiled.flow.flow)
    changes.apply(lambda change: tell_change(state.echo, change))
    if changes.is_empty:
        state.echo("    nothing has changed")
    remember_token(state.deployment_name, token)
    announce_token(token, ENGINE, COMMAND, state.echo)
    return planned


def write_folder(compiled: Compiled, folder: Path) -> list[Path]:
    """Write every object of a deployment but its Secret to a file of its own; returns the files.

    With them the plan and the settings, by which Python makes the objects again.

    Raises:
        Refusal: the folder cannot be written to, or holds something else.
    """
    flow = compiled.flow
    texts = {
        PLAN_FILE: plan_text(flow.flow),
        "settings.json": flow.translator.settings.to_json() + "\n",
    }
    try:
        check_folder(folder, texts)
        written = write_objects(flow.bundle.objects(), folder)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Refusal(
            f"{error.filename or folder} cannot be written: {error.strerror}", remedy="choose another folder"
        ) from None
    return [*written, *(folder / name for name in texts)]


def deployed_flow(state: Any) -> Deployment:
    """What is deployed under the flow's name, or under the one that it had before Metaflow 2.17.

    Raises:
        Refusal: nothing is.
        ArgoError: a call failed.
    """
    client = connect()
    old = _of_old_name(client, state)
    if old is None:
        return ArgoWorkflows.from_deployment(state.deployment_name.name, client)
    return Deployment(client, old)


def deployed_flows(state: Any) -> list[Deployment]:
    """What is deployed under either name, at least one.

    Raises:
        Refusal: nothing is.
        ArgoError: a call failed.
    """
    client = connect()
    old = _of_old_name(client, state)
    found = look(client, state.deployment_name.name)
    deployments = [Deployment(client, deployed) for deployed in (old, found) if deployed]
    return deployments or [ArgoWorkflows.from_deployment(state.deployment_name.name, client)]


def start(state: Any, deployment: Deployment, values: dict[str, Any]) -> Run:
    """Start a run with values of parameters, as `given_parameters` makes them.

    Long texts go by the datastore: Kubernetes keeps a Workflow, with what the controller adds, in 1.5 MiB.

    Raises:
        Refusal: a parameter that what is deployed does not have, or a missing one.
        ArgoError: a call failed.
    """
    if sum(len(str(value).encode(errors="replace")) for value in values.values()) > _LONGEST_VALUES:
        values = {name: _stored(state.flow_datastore, value) for name, value in values.items()}
    return deployment.start(values, user=owner())


def authorize_deletion(state: Any, deployment: Deployment, authorize: str | None) -> None:
    """Refuse who may not remove a deployment.

    Raises:
        IncorrectProductionToken: it is another user's, and their token was not given.
    """
    previous = (deployment.owner, deployment.token)
    name = replace(state.deployment_name, name=deployment.name)
    authorize_change(name, ENGINE, "argo-workflows delete", previous, authorize, state.echo)
    remember_token(name, Token(deployment.token, is_new=False))


def _stored(flow_datastore: Any, value: Any) -> Any:
    if not isinstance(value, str) or len(value) < _SHORT_VALUE:
        return value
    [(_, address)] = flow_datastore.save_data([value.encode()])
    return Stored(address)


def _of_old_name(client: Client, state: Any) -> Deployed | None:
    """The flow's deployment from before Metaflow 2.17, if that gave it another name."""
    name = state.deployment_name
    if not name.has_other_old_name:
        return None
    found = look(client, name.old)
    return found if found and found.flow == state.flow.name else None


def _package_in(template: dict[str, Any]) -> str:
    """Content address of the code that a deployed flow runs."""
    spec = template["spec"]
    places = [spec.get("templateDefaults") or {}, *(spec.get("templates") or [])]
    for place in places:
        for variable in (place.get("container") or {}).get("env") or []:
            if variable["name"] == "METAFLOW_CODE_SHA":
                return str(variable.get("value", ""))
    return ""


def _with_jobs(settings: Settings, plan: FlowPlan, client: Client) -> Settings:
    """Settings with Indexed Jobs for gangs, where the cluster has no JobSets."""
    gangs = any(node.gang for node in plan.graph.nodes.values())
    if gangs and client.serves(settings.jobset) is False:
        return replace(settings, jobset="")
    return settings


def _compiled(
    plan: FlowPlan,
    settings: Settings,
    package: BuiltPackage,
    secrets: ReferredSecrets,
    client: Client | None = None,
) -> Compiled:
    plan = replace(plan, code=package.description)
    flow = ArgoWorkflows(plan, settings, translator=read_translator(), client=client)
    return Compiled(flow, package, secrets)
