"""What a deployment to Argo Workflows needs to know that is not in the flow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from metaflow_provider.plan import Refusal

from .notifications import SERVICES, Notification
from .secret_key import SecretKey


@dataclass(frozen=True)
class Settings:
    """Settings of the cluster, and wishes about one deployment.

    Attributes:
        namespace: of Kubernetes, where everything is.
        default_timeout: limit of a step without `@timeout`, in seconds.
        secrets: Secrets of which every pod gets all keys as variables.
        secret_variables: variables of every pod, by the key that holds the value.
        variables: further variables of every pod.
        skipped_variables: variables that pods do not get.
        jobset: group and version of JobSet; empty where it is not installed: gangs become Indexed Jobs.
        priority: of the runs, on which the controller decides who goes first.
        keep_seconds: how long a finished run stays in the cluster; `None`: for good.
        pod_gc: when pods are deleted, such as `OnPodSuccess`; empty: with their run.
        concurrency_policy: `Allow`, `Forbid` or `Replace` scheduled runs beside running ones; empty: `Allow`.
        suspended: the schedule is deployed, and starts nothing.
        capture_errors: an exit handler tells what failed first.
        capture_script: bash text that gets it in `METAFLOW_ARGO_ERROR`.
        heartbeat: a pod tells the metadata service that the run is alive.
        notifications: who is told how runs end.
        ui, argo_ui: addresses of Metaflow's UI and of Argo's, for notifications.
        title, description: for Argo's UI, instead of the flow's name and doc.
    """

    namespace: str = "default"
    default_timeout: int = 5 * 24 * 60 * 60
    secrets: tuple[str, ...] = ()
    secret_variables: Mapping[str, SecretKey] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    skipped_variables: tuple[str, ...] = ()
    jobset: str = "jobset.x-k8s.io/v1alpha2"
    priority: int | None = None
    keep_seconds: int | None = None
    pod_gc: str = ""
    concurrency_policy: str = ""
    suspended: bool = False
    capture_errors: bool = True
    capture_script: str = ""
    heartbeat: bool = False
    notifications: tuple[Notification, ...] = ()
    ui: str = ""
    argo_ui: str = ""
    title: str = ""
    description: str = ""

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """What `to_json` wrote.

        Raises:
            Refusal: it is something else.

        Example:
            >>> Settings.from_json('{"namespace": "jobs"}').namespace
            'jobs'
        """
        try:
            return cls(**_read(json.loads(text)))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise Refusal(
                f"the settings cannot be read: {error}", remedy="write them with create --output-dir"
            ) from None

    def to_json(self) -> str:
        """The settings as JSON, for those who deploy the plan from Python; of secrets it has names alone."""
        notifications = [{"service": each.name, **asdict(each)} for each in self.notifications]
        return json.dumps({**asdict(self), "notifications": notifications}, indent=2, sort_keys=True)


def _read(data: dict[str, Any]) -> dict[str, Any]:
    """The fields of Settings in what JSON has of them."""
    found = {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
    variables = data.get("secret_variables", {})
    return {
        **found,
        "secret_variables": {name: SecretKey(**key) for name, key in variables.items()},
        "notifications": tuple(_notification(**each) for each in data.get("notifications", ())),
    }


def _notification(service: str, secret: dict[str, str], **fields: Any) -> Notification:
    return SERVICES[service](SecretKey(**secret), **fields)
