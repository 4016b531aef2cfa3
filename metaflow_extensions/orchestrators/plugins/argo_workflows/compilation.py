"""From a loaded flow to its plan and the settings of its translation: nothing outside is asked or changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from metaflow_provider.plan import FlowPlan, Refusal
from metaflow_provider.plan.model import Limits
from metaflow_provider.plan.reader import Wishes, build_plan

from ..common.argo_events import EMIT
from ..common.capabilities import check_capabilities, check_limits
from ..common.compute import attach_platform
from ..common.translators import named_translator
from .capabilities import ARGO_WORKFLOWS
from .notifications import NotificationWishes
from .secrets import ReferredSecrets

if TYPE_CHECKING:
    from hera_bridge.secret_key import SecretKey
    from hera_bridge.settings import Settings
    from hera_bridge.translation.translator import Translator

# Where to run steps otherwise, which is the business of other companies' extensions.
_OTHER_PLATFORMS = {
    "snowpark": "Snowpark",
    "slurm": "Slurm",
    "nvidia": "Nvidia",
    "nvct": "Nvct",
    "skypilot_step": "Skypilot",
}
_HEADERS = "METAFLOW_SERVICE_HEADERS"


@dataclass(frozen=True)
class ArgoWishes:
    """Options of the commands that compile a flow.

    Attributes:
        keep_seconds, pod_gc, concurrency_policy, suspended, priority: as in `hera_bridge.Settings`.
        auto_emit: tasks emit events when they succeed.
    """

    name: str
    tags: tuple[str, ...] = ()
    user_namespace: str | None = None
    max_workers: int = 100
    workflow_timeout: int | None = None
    priority: int | None = None
    auto_emit: bool = True
    heartbeat: bool = False
    capture_errors: bool = True
    title: str | None = None
    description: str | None = None
    keep_seconds: int | None = None
    pod_gc: str | None = None
    concurrency_policy: str | None = None
    suspended: bool = False
    notifications: NotificationWishes = field(default_factory=NotificationWishes)


def read_plan(state: Any, wishes: ArgoWishes) -> FlowPlan:
    """The flow's plan, without package and token.

    Raises:
        Refusal: the flow, or a wish, cannot be met on Argo Workflows.
    """
    if state.flow_datastore.TYPE not in ARGO_WORKFLOWS.datastores:
        raise Refusal(
            "Argo Workflows requires --datastore=s3 or --datastore=azure or --datastore=gs",
            remedy="set METAFLOW_DEFAULT_DATASTORE",
        )
    check_limits(wishes.max_workers, wishes.workflow_timeout)
    if wishes.keep_seconds is not None and wishes.keep_seconds < 0:
        raise Refusal(f"--keep-seconds {wishes.keep_seconds} is no time", remedy="give at least 0")
    wishes.notifications.check()
    _refuse_other_platforms(state.graph)
    attach_platform(state, "kubernetes", "batch", "Kubernetes")
    plan = build_plan(
        state,
        Wishes(
            wishes.name,
            tags=wishes.tags,
            namespace=wishes.user_namespace or "",
            limits=Limits(wishes.max_workers, wishes.workflow_timeout),
            platforms=("kubernetes",),
        ),
    )
    check_capabilities(plan, ARGO_WORKFLOWS)
    _tell_ineffective(state, wishes, plan)
    return plan


def read_settings(state: Any, wishes: ArgoWishes, secrets: ReferredSecrets) -> Settings:
    """Metaflow's configuration and the wishes, as settings of the translation.

    Args:
        state: the `obj` of a click command of Metaflow's.
        wishes: what was asked for.
        secrets: collects what is secret in them.

    Raises:
        Refusal: a reference to a Secret that is none.
    """
    from metaflow import metaflow_config as config

    from hera_bridge.settings import Settings

    return Settings(
        namespace=config.KUBERNETES_NAMESPACE,
        default_timeout=config.DEFAULT_RUNTIME_LIMIT,
        secrets=(*_listed(config.KUBERNETES_SECRETS), *_listed(config.ARGO_WORKFLOWS_KUBERNETES_SECRETS)),
        secret_variables=dict(_secret_variables(state, secrets)),
        variables=dict(_variables(wishes)),
        skipped_variables=_listed(config.ARGO_WORKFLOWS_ENV_VARS_TO_SKIP),
        jobset=f"{config.KUBERNETES_JOBSET_GROUP}/{config.KUBERNETES_JOBSET_VERSION}",
        priority=wishes.priority,
        keep_seconds=wishes.keep_seconds,
        pod_gc=wishes.pod_gc or "",
        concurrency_policy=wishes.concurrency_policy or "",
        suspended=wishes.suspended,
        capture_errors=wishes.capture_errors,
        capture_script=config.ARGO_WORKFLOWS_CAPTURE_ERROR_SCRIPT or "",
        heartbeat=wishes.heartbeat,
        notifications=tuple(wishes.notifications.notifications(secrets)),
        ui=config.UI_URL or "",
        argo_ui=config.ARGO_WORKFLOWS_UI_URL or "",
        title=wishes.title or "",
        description=wishes.description or "",
    )


def read_translator() -> type[Translator]:
    """The translator class of the setting METAFLOW_ARGO_TRANSLATOR, or the default.

    Raises:
        Refusal: the setting does not name a translator.
    """
    from metaflow.metaflow_config import ARGO_TRANSLATOR

    from hera_bridge.translation.translator import Translator

    return named_translator("METAFLOW_ARGO_TRANSLATOR", ARGO_TRANSLATOR, Translator, "hera_bridge.Translator")


def _tell_ineffective(state: Any, wishes: ArgoWishes, plan: FlowPlan) -> None:
    """Name options that do nothing without others; stock Metaflow takes them."""
    if wishes.notifications.has_receivers and not wishes.notifications.are_wanted:
        state.echo("Nobody is told how runs end without --notify-on-error or --notify-on-success.")
    if (wishes.concurrency_policy or wishes.suspended) and not plan.schedules:
        state.echo("The flow has no schedule for --concurrency-policy or --suspend-schedule.")


def _refuse_other_platforms(graph: Any) -> None:
    for node in graph:
        for deco in node.decorators:
            if deco.name in _OTHER_PLATFORMS:
                raise Refusal(
                    f"Step *{node.name}* is marked for execution on {_OTHER_PLATFORMS[deco.name]} with Argo "
                    "Workflows which isn't currently supported",
                    remedy=f"remove @{deco.name}",
                )


def _variables(wishes: ArgoWishes) -> Iterator[tuple[str, str]]:
    """Variables of every pod that are Argo's and Kubernetes' own, as stock Metaflow sets them."""
    from metaflow import metaflow_config as config

    values = {
        "KUBERNETES_FETCH_EC2_METADATA": config.KUBERNETES_FETCH_EC2_METADATA,
        "INIT_SCRIPT": config.KUBERNETES_SANDBOX_INIT_SCRIPT,
        "KUBERNETES_SANDBOX_INIT_SCRIPT": config.KUBERNETES_SANDBOX_INIT_SCRIPT,
        "ARGO_WORKFLOWS_KUBERNETES_SECRETS": config.ARGO_WORKFLOWS_KUBERNETES_SECRETS,
        "ARGO_WORKFLOWS_ENV_VARS_TO_SKIP": config.ARGO_WORKFLOWS_ENV_VARS_TO_SKIP,
    }
    if config.ARGO_EVENTS_WEBHOOK_URL:
        values |= {
            "ARGO_EVENTS_EVENT": config.ARGO_EVENTS_EVENT,
            "ARGO_EVENTS_EVENT_BUS": config.ARGO_EVENTS_EVENT_BUS,
            "ARGO_EVENTS_EVENT_SOURCE": config.ARGO_EVENTS_EVENT_SOURCE,
            "ARGO_EVENTS_SERVICE_ACCOUNT": config.ARGO_EVENTS_SERVICE_ACCOUNT,
            "ARGO_EVENTS_WEBHOOK_URL": config.ARGO_EVENTS_INTERNAL_WEBHOOK_URL,
            "ARGO_EVENTS_WEBHOOK_AUTH": config.ARGO_EVENTS_WEBHOOK_AUTH,
        }
    for name, value in values.items():
        if value:
            yield f"METAFLOW_{name}", str(value)
    if wishes.auto_emit and config.ARGO_EVENTS_WEBHOOK_URL:
        yield EMIT, "1"


def _secret_variables(state: Any, secrets: ReferredSecrets) -> Iterator[tuple[str, SecretKey]]:
    """Service headers reach pods by reference alone."""
    from metaflow.metaflow_config import ARGO_SERVICE_HEADERS_SECRET, SERVICE_HEADERS

    if ARGO_SERVICE_HEADERS_SECRET:
        setting = "METAFLOW_ARGO_SERVICE_HEADERS_SECRET"
        yield _HEADERS, secrets.reference(setting, ARGO_SERVICE_HEADERS_SECRET)
    elif SERVICE_HEADERS and state.metadata.TYPE == "service":
        yield _HEADERS, secrets.kept("service-headers", json.dumps(SERVICE_HEADERS))


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())
