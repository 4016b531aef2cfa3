"""What is in the cluster already of what a deployment consists of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..clients.kinds import CRON_WORKFLOW, SECRET, SENSOR, Object, annotations_of, labels_of, name_of
from ..clients.protocol import Client
from ..translation.labels import TEMPLATE_LABEL, label_value
from .deployed import Deployed, look
from .marks import SENSOR_NAME, SENSOR_NAMESPACE, belongs_to, secrets_in


@dataclass(frozen=True)
class Existing:
    """The objects that are there.

    Attributes:
        crons: CronWorkflows of the deployment, and those that have a wanted name, by name.
        secrets: the same of Secrets.
        hidden_secrets: names of the deployment's Secrets that cannot be seen this way.
        sensor: by which events start runs; stock Metaflow makes one.
    """

    deployed: Deployed | None = None
    crons: Mapping[str, Object] = field(default_factory=dict)
    secrets: Mapping[str, Object] = field(default_factory=dict)
    hidden_secrets: tuple[str, ...] = ()
    sensor: Object | None = None


def look_around(
    client: Client, name: str, crons: Iterable[str] = (), secrets: Iterable[str] = ()
) -> Existing:
    """Everything that is there under a deployment's name.

    Args:
        client: where to look.
        name: of the deployment.
        crons: names that are wanted for CronWorkflows.
        secrets: names that are wanted for Secrets.

    Raises:
        Refusal: there is a WorkflowTemplate of that name which is no Metaflow flow.
        ArgoError: a call failed.
    """
    deployed = look(client, name)
    found = {name_of(each): each for each in _crons(client, name, crons)}
    left = secrets_in(deployed.template) if deployed else []
    sensor = _sensor(client, deployed.template) if deployed else None
    wanted = set(secrets)
    if not wanted and not client.keeps(SECRET):
        return Existing(deployed, found, hidden_secrets=tuple(left), sensor=sensor)
    kept = (client.get(SECRET, each) for each in sorted({*wanted, *left}))
    return Existing(deployed, found, {name_of(each): each for each in kept if each}, sensor=sensor)


def starts(cron: Mapping[str, Any], name: str) -> bool:
    """Whether a CronWorkflow starts runs of a deployment."""
    reference = cron["spec"].get("workflowSpec", {}).get("workflowTemplateRef") or {}
    return bool(reference.get("name") == name)


def _crons(client: Client, name: str, wanted: Iterable[str]) -> Iterator[Object]:
    """Those with the deployment's label; by name also what stock Metaflow made, or somebody else."""
    yield from client.list(CRON_WORKFLOW, f"{TEMPLATE_LABEL}={label_value(name)}")
    for each in sorted({name, *wanted}):
        cron_of_name = client.get(CRON_WORKFLOW, each)
        if cron_of_name and not belongs_to(cron_of_name, name):
            yield cron_of_name


def _sensor(client: Client, template: Object) -> Object | None:
    said = annotations_of(template)
    namespace = said.get(SENSOR_NAMESPACE) or client.namespace
    if SENSOR_NAME not in said:
        return None
    return client.elsewhere(namespace).get(SENSOR, said[SENSOR_NAME])


def is_of_stock(cron: Object, name: str) -> bool:
    """Whether stock Metaflow made a CronWorkflow for a deployment: of its name, without labels."""
    return name_of(cron) == name and starts(cron, name) and not labels_of(cron)
