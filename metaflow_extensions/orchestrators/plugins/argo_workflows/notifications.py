"""Whom to tell how a run ended, as the options of `create` say it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metaflow_provider.plan import Refusal

from .secrets import REFERENCE, ReferredSecrets

if TYPE_CHECKING:
    from hera_bridge.notifications import Notification


@dataclass(frozen=True)
class NotificationWishes:
    """Options of `create` about notifications. Addresses and keys are secret, or refer to a Secret."""

    on_error: bool = False
    on_success: bool = False
    slack_url: str | None = None
    pager_duty_key: str | None = None
    incident_io_key: str | None = None
    incident_io_source: str | None = None
    incident_io_metadata: tuple[str, ...] = ()

    @property
    def are_wanted(self) -> bool:
        """Whether anybody is to be told of anything."""
        return self.on_error or self.on_success

    @property
    def has_receivers(self) -> bool:
        """Whether it is said who could be told."""
        return bool(self.slack_url or self.pager_duty_key or self.incident_io_key)

    def check(self) -> None:
        """Refuse notifications that nobody would get, or that a provider would not take.

        Raises:
            Refusal: names the option.
        """
        self.metadata()
        if not self.are_wanted:
            return
        if not self.has_receivers:
            raise Refusal(
                "notifications need somebody who gets them",
                remedy="give --notify-slack-webhook-url (https://api.slack.com/messaging/webhooks), "
                "--notify-pager-duty-integration-key or --notify-incident-io-api-key",
            )
        if self.slack_url and not self.slack_url.startswith(("https://", "http://", REFERENCE)):
            raise Refusal(
                "--notify-slack-webhook-url is no address", remedy=f"give one, or {REFERENCE}NAME/KEY"
            )
        if self.incident_io_key and self.incident_io_source is None:
            raise Refusal(
                "Incident.io alerts require an alert source configuration ID",
                remedy="set one with --incident-io-alert-source-config-id",
            )

    def metadata(self) -> dict[str, str]:
        """Further fields of an alert of Incident.io.

        Raises:
            Refusal: one that is not KEY=VALUE, or a key that is there twice.
        """
        found: dict[str, str] = {}
        for text in self.incident_io_metadata:
            key, equals, value = text.partition("=")
            if not key or not equals:
                raise Refusal(f"--incident-io-metadata {text} is not KEY=VALUE", remedy="correct it")
            if key in found:
                raise Refusal(f"--incident-io-metadata has the key {key} twice", remedy="leave one out")
            found[key] = value
        return found

    def notifications(self, secrets: ReferredSecrets) -> Iterator[Notification]:
        """What becomes of the wishes in the translation.

        Args:
            secrets: collects addresses and keys.

        Raises:
            Refusal: a malformed reference to a Secret.
        """
        from metaflow.metaflow_config import ARGO_INCIDENT_IO_ENDPOINT, ARGO_PAGER_DUTY_ENDPOINT

        from hera_bridge.notifications import IncidentIo, PagerDuty, Slack

        if not self.are_wanted:
            return
        ends = self.on_error, self.on_success
        if self.slack_url:
            yield Slack(secrets.key("slack-webhook-url", self.slack_url), *ends)
        if self.pager_duty_key:
            key = secrets.key("pager-duty-integration-key", self.pager_duty_key)
            yield PagerDuty(key, *ends, endpoint=ARGO_PAGER_DUTY_ENDPOINT or "")
        if self.incident_io_key:
            yield IncidentIo(
                secrets.key("incident-io-api-key", self.incident_io_key),
                *ends,
                endpoint=ARGO_INCIDENT_IO_ENDPOINT or "",
                alert_source=self.incident_io_source or "",
                metadata=self.metadata(),
            )
