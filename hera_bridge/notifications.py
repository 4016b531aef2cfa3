"""Whom a run's end is told: Slack, PagerDuty, incident.io. Secrets are keys of Kubernetes Secrets.

https://api.slack.com/messaging/webhooks, https://developer.pagerduty.com/docs/send-alert-event,
https://api-docs.incident.io/tag/Alert-Events-V2
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .secret_key import SecretKey

# Argo replaces it by the workflow's name.
RUN_NAME = "@workflow.name@"
NAMESPACE = "@workflow.namespace@"


@dataclass(frozen=True)
class About:
    """What messages say of a run.

    Attributes:
        flow: class name.
        project: name and branch of `@project`, if there is one.
        ui: address of Metaflow's UI.
        argo_ui: address of Argo's UI.
    """

    flow: str
    project: tuple[str, str] | None = None
    ui: str = ""
    argo_ui: str = ""

    @property
    def run(self) -> str:
        """Metaflow's id of the run."""
        return f"argo-{RUN_NAME}"

    @property
    def run_address(self) -> str:
        """The run in Metaflow's UI; empty without one."""
        return f"{self.ui.rstrip('/')}/{self.flow}/{self.run}" if self.ui else ""

    @property
    def links(self) -> dict[str, str]:
        """Where to look, by what people call it."""
        found = {"Metaflow UI": self.run_address}
        if self.argo_ui:
            found["Argo UI"] = f"{self.argo_ui.rstrip('/')}/workflows/{NAMESPACE}/{RUN_NAME}"
        return {name: address for name, address in found.items() if address}


@dataclass(frozen=True)
class Notification:
    """Somebody who is told how runs end.

    Attributes:
        secret: the key that holds the address, or what shows who may write there.
        on_error: runs that fail are told.
        on_success: runs that succeed are told.
        endpoint: another address than the service's own.
    """

    secret: SecretKey
    on_error: bool = True
    on_success: bool = False
    endpoint: str = ""

    @property
    def name(self) -> str:
        """Name of the service in names of templates."""
        raise NotImplementedError

    def message(self, about: About, succeeded: bool) -> dict[str, Any]:
        """What is sent, for `runtime.notification`."""
        raise NotImplementedError


@dataclass(frozen=True)
class Slack(Notification):
    """A webhook of Slack's; its address is the secret."""

    @property
    def name(self) -> str:
        """Name of the service in names of templates."""
        return "slack"

    def message(self, about: About, succeeded: bool) -> dict[str, Any]:
        """A line, and with Metaflow's UI a block with a link."""
        sign, verb = (":white_check_mark:", "succeeded") if succeeded else (":rotating_light:", "failed")
        text = f"{sign} _{about.flow}/{about.run}_ {verb}!"
        body: dict[str, Any] = {"text": text}
        if about.ui:
            body["blocks"] = _slack_blocks(about, text)
        return {"body": body, "secret": "url"}


@dataclass(frozen=True)
class PagerDuty(Notification):
    """An integration of PagerDuty's; its key is the secret. Errors are alerts, successes are changes."""

    @property
    def name(self) -> str:
        """Name of the service in names of templates."""
        return "pager-duty"

    def message(self, about: About, succeeded: bool) -> dict[str, Any]:
        """An event of PagerDuty's Events API, version 2."""
        payload: dict[str, Any] = {
            "summary": f"Metaflow run {about.flow}/{about.run} {'Succeeded' if succeeded else 'failed'}",
            "source": RUN_NAME,
            "custom_details": {"Flow": about.flow, "Run ID": about.run},
        }
        body: dict[str, Any] = {"payload": payload}
        body["links"] = [{"href": address, "text": name} for name, address in about.links.items()]
        if not succeeded:
            payload["severity"] = "critical"
            body |= {"event_action": "trigger", "dedup_key": about.run}
        service = (self.endpoint or "https://events.pagerduty.com").rstrip("/")
        url = f"{service}/v2/{'change/' if succeeded else ''}enqueue"
        return {"url": url, "body": body, "secret": "routing_key"}


@dataclass(frozen=True)
class IncidentIo(Notification):
    """An alert source of incident.io's; the API key is the secret.

    Attributes:
        alert_source: id of the alert source's configuration.
        metadata: for every alert.
    """

    alert_source: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the service in names of templates."""
        return "incident-io"

    def message(self, about: About, succeeded: bool) -> dict[str, Any]:
        """An alert event; incident.io knows by the run whether it has it already."""
        verb = "succeeded" if succeeded else "failed"
        links = [f"[{name}]({address})" for name, address in about.links.items()]
        details = "\n\n".join(["", "See details for the run at:", *links]) if links else ""
        body = {
            "idempotency_key": about.run,
            "status": "firing",
            "title": f"Flow {about.flow} has {verb}.",
            "description": f"Metaflow run {about.flow}/{about.run} {verb}!{details}",
            "source_url": about.run_address or None,
            "metadata": {
                **self.metadata,
                "run_status": verb,
                "flow_name": about.flow,
                "run_id": about.run,
            },
        }
        service = (self.endpoint or "https://api.incident.io").rstrip("/")
        url = f"{service}/v2/alert_events/http/{self.alert_source}"
        return {"url": url, "body": body, "secret": "bearer"}


SERVICES: Mapping[str, type[Notification]] = {
    "slack": Slack,
    "pager-duty": PagerDuty,
    "incident-io": IncidentIo,
}
"""By their names."""


def _slack_blocks(about: About, text: str) -> list[dict[str, Any]]:
    """https://api.slack.com/block-kit."""
    details: dict[str, Any] = {"type": "section", "text": _markdown("Environment details")}
    if about.project:
        project, branch = about.project
        details["fields"] = [_markdown(f"*Project:* {project}"), _markdown(f"*Project Branch:* {branch}")]
    link = _markdown(f" :information_source: *<{about.run_address}>*")
    return [
        details,
        {"type": "context", "elements": [link]},
        {"type": "divider"},
        {"type": "section", "text": _markdown(text)},
    ]


def _markdown(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}
