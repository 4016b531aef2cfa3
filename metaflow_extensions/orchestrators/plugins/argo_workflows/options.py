"""Options of the commands on Argo Workflows, and what they ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from metaflow._vendor import click

from ..common.options import run_options, with_options

if TYPE_CHECKING:
    from .compilation import ArgoWishes

F = TypeVar("F", bound=Callable[..., Any])

_REFERENCE = "secret:NAME/KEY takes it from a Kubernetes Secret."

_limit_options = with_options(
    click.option(
        "--max-workers",
        default=100,
        show_default=True,
        type=int,
        help="Maximum number of parallel processes.",
    ),
    click.option("--workflow-timeout", default=None, type=int, help="Workflow timeout in seconds."),
    click.option(
        "--workflow-priority",
        default=None,
        type=int,
        help="Workflow priority as an integer. Workflows with higher priority are processed first if Argo "
        "Workflows controller is configured to process limited number of workflows in parallel",
    ),
    click.option(
        "--concurrency-policy",
        default=None,
        type=click.Choice(["Allow", "Forbid", "Replace"]),
        help="What happens to a scheduled run while another one is at work; Allow if not given.",
    ),
    click.option(
        "--suspend-schedule/--no-suspend-schedule",
        default=False,
        show_default=True,
        help="Deploy the schedule, but let it start nothing.",
    ),
    click.option(
        "--keep-seconds",
        default=None,
        type=int,
        help="How long finished runs stay in the cluster; for good if not given. "
        "Their results stay in the datastore anyway.",
    ),
    click.option(
        "--pod-gc",
        default=None,
        type=click.Choice(["OnPodCompletion", "OnPodSuccess", "OnWorkflowCompletion", "OnWorkflowSuccess"]),
        help="When pods are deleted; with their run if not given.",
    ),
)

_notification_options = with_options(
    click.option(
        "--notify-on-error/--no-notify-on-error",
        default=False,
        show_default=True,
        help="Notify if the workflow fails.",
    ),
    click.option(
        "--notify-on-success/--no-notify-on-success",
        default=False,
        show_default=True,
        help="Notify if the workflow succeeds.",
    ),
    click.option(
        "--notify-slack-webhook-url",
        default=None,
        type=str,
        help=f"Slack incoming webhook url for workflow success/failure notifications. {_REFERENCE}",
    ),
    click.option(
        "--notify-pager-duty-integration-key",
        default=None,
        type=str,
        help="PagerDuty Events API V2 Integration key for workflow success/failure notifications. "
        f"{_REFERENCE}",
    ),
    click.option(
        "--notify-incident-io-api-key",
        default=None,
        type=str,
        help=f"Incident.io API V2 key for workflow success/failure notifications. {_REFERENCE}",
    ),
    click.option(
        "--incident-io-alert-source-config-id",
        default=None,
        type=str,
        help="Incident.io Alert source config ID. Example '01GW2G3V0S59R238FAHPDS1R66'",
    ),
    click.option(
        "--incident-io-metadata",
        default=None,
        type=str,
        multiple=True,
        help="Incident.io Alert Custom Metadata field in the form of Key=Value",
    ),
)

compile_options = with_options(
    run_options("Argo Workflows"),
    _limit_options,
    click.option(
        "--auto-emit-argo-events/--no-auto-emit-argo-events",
        default=True,
        show_default=True,
        help="Auto emits Argo Events when the run completes successfully.",
    ),
    _notification_options,
    click.option(
        "--enable-heartbeat-daemon/--no-enable-heartbeat-daemon",
        default=False,
        show_default=True,
        help="Use a daemon container to broadcast heartbeats.",
    ),
    click.option(
        "--enable-error-msg-capture/--no-enable-error-msg-capture",
        default=True,
        show_default=True,
        help="Capture stack trace of first failed task in exit hook.",
    ),
    click.option(
        "--workflow-title",
        default=None,
        type=str,
        help="Custom title for the workflow displayed in Argo Workflows UI. Defaults to `project_flow_name`. "
        "Supports markdown formatting.",
    ),
    click.option(
        "--workflow-description",
        default=None,
        type=str,
        help="Custom description for the workflow displayed in Argo Workflows UI. Defaults to the flow's "
        "docstring if available. Supports markdown formatting and multi-line text.",
    ),
)
"""The options that every command takes which compiles the flow."""

run_argument = click.argument("run-id", required=True, type=str)


def authorize_option(what: str) -> Callable[[F], F]:
    """`--authorize` of a command that changes what is deployed or runs."""
    return with_options(
        click.option(
            "--authorize", default=None, type=str, help=f"Authorize the {what} with a production token"
        )
    )


def wishes_of(name: str, options: dict[str, Any]) -> ArgoWishes:
    """What the options of `compile_options` ask for."""
    from .compilation import ArgoWishes
    from .notifications import NotificationWishes

    return ArgoWishes(
        name,
        tags=tuple(options["tags"] or ()),
        user_namespace=options["user_namespace"],
        max_workers=options["max_workers"],
        workflow_timeout=options["workflow_timeout"],
        priority=options["workflow_priority"],
        auto_emit=options["auto_emit_argo_events"],
        heartbeat=options["enable_heartbeat_daemon"],
        capture_errors=options["enable_error_msg_capture"],
        title=options["workflow_title"],
        description=options["workflow_description"],
        keep_seconds=options["keep_seconds"],
        pod_gc=options["pod_gc"],
        concurrency_policy=options["concurrency_policy"],
        suspended=options["suspend_schedule"],
        notifications=NotificationWishes(
            on_error=options["notify_on_error"],
            on_success=options["notify_on_success"],
            slack_url=options["notify_slack_webhook_url"],
            pager_duty_key=options["notify_pager_duty_integration_key"],
            incident_io_key=options["notify_incident_io_api_key"],
            incident_io_source=options["incident_io_alert_source_config_id"],
            incident_io_metadata=tuple(options["incident_io_metadata"] or ()),
        ),
    )
