"""A deployed flow in hand: start it, follow its runs, remove it. Needs neither its file nor its plan."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from metaflow_provider.deployment import Change, apply, check_names, own_run_id
from metaflow_provider.plan import Refusal

from .clients.kinds import Object
from .clients.protocol import Client
from .deployment import Deployed, look, look_around, removal
from .runs import Run, find_run, list_runs, start_run
from .values import value_text

# As Metaflow finds out who the user is.
_USER_VARIABLES = ("METAFLOW_USER", "SUDO_USER", "USERNAME", "USER")
# Argo keeps a workflow in an object of etcd, which takes 1.5 MiB, and adds to it what happens.
_LONGEST_PARAMETERS = 256 * 1024


class Deployment:
    """A flow that is deployed.

    Example:
        >>> deployment = ArgoWorkflows.from_deployment("train")
        >>> deployment.flow, deployment.owner
        ('TrainFlow', 'ada')
    """

    def __init__(self, client: Client, deployed: Deployed) -> None:
        self._client = client
        self.deployed = deployed

    @property
    def name(self) -> str:
        """Name of the deployment, by which `from_deployment` finds it."""
        return self.deployed.name

    @property
    def flow(self) -> str:
        """Class name of the flow."""
        return self.deployed.flow

    @property
    def owner(self) -> str:
        """User who deployed it."""
        return self.deployed.owner

    @property
    def token(self) -> str:
        """Production token, without `production:`."""
        return self.deployed.token

    @property
    def template(self) -> Object:
        """The WorkflowTemplate in the cluster."""
        return self.deployed.template

    @property
    def parameters(self) -> Mapping[str, Mapping[str, Any]]:
        """What a run may be given: by name the type, whether it is required, the default."""
        return self.deployed.parameters

    def trigger(self, /, **parameters: Any) -> Run:
        """Start a run with these parameters: JSON values, or text as on the command line.

        Raises:
            Refusal: a parameter that the flow does not have, one that is missing, values that are too long or
                no JSON.
            ArgoError: the call failed.
        """
        return self.start(parameters)

    def start(self, parameters: Mapping[str, Any], name: str = "", user: str = "") -> Run:
        """As `trigger`, under a name of your own, or as another user; a name can be used once.

        Raises:
            Refusal: as `trigger`.
            ArgoError: the call failed, such as when there is a run of that name.

        Example:
            >>> deployment.start({"date": "2026-08-22"}, name="daily-2026-08-22").id
            'argo-daily-2026-08-22'
        """
        values = self._encoded(parameters)
        return start_run(self._client, self.deployed, values, name, user or _user())

    def runs(self, *statuses: str) -> Iterator[Run]:
        """Runs, the latest first; of some statuses if they are given.

        Raises:
            ArgoError: a call failed.
        """
        return list_runs(self._client, self.deployed, statuses)

    def run(self, run_id: str) -> Run:
        """A run by its id, `argo-NAME` or `FLOW/argo-NAME`.

        Raises:
            Refusal: it is another flow's, or there is no such run of this deployment.
            ArgoError: the call failed.
        """
        return find_run(self._client, self.deployed, own_run_id(self.flow, run_id))

    def delete(self, tell: Callable[[Change[Client]], None] = lambda change: None) -> None:
        """Remove the WorkflowTemplate and what starts it. Runs at work go on, and keep the Secrets they need.

        Raises:
            ArgoError: a call failed; what was removed before has been put back.
        """
        existing = look_around(self._client, self.name)
        if existing.deployed:
            at_work = bool(existing.secrets) and any(True for _ in self.runs("PENDING", "RUNNING"))
            apply(self._client, removal(existing, at_work=at_work), tell)

    def _encoded(self, parameters: Mapping[str, Any]) -> dict[str, str]:
        """The values as JSON texts, as stock Metaflow sends them."""
        self._refuse_names(parameters)
        try:
            values = {
                name: value_text(value, is_json=self.parameters.get(name, {}).get("type") == "JSON")
                for name, value in parameters.items()
            }
        except (TypeError, ValueError) as error:
            raise Refusal(
                f"the parameters are no JSON: {error}", remedy="pass text, numbers, lists, objects"
            ) from None
        size = sum(len(name.encode()) + len(value.encode()) for name, value in values.items())
        if size > _LONGEST_PARAMETERS:
            raise Refusal(
                f"Length of parameter names and values is {size} bytes, a workflow takes "
                f"{_LONGEST_PARAMETERS}",
                remedy="store the text, and pass it as Stored(address)",
            )
        return values

    def _refuse_names(self, parameters: Mapping[str, Any]) -> None:
        arguments = self.template["spec"].get("arguments") or {}
        known = [each["name"] for each in arguments.get("parameters") or []]
        check_names(self.flow, known, parameters)
        required = [name for name, each in self.parameters.items() if each.get("is_required")]
        missing = [name for name in required if parameters.get(name) is None]
        if missing:
            raise Refusal(f"the flow {self.flow} needs a value for {', '.join(missing)}", remedy="pass it")


def find_deployment(client: Client, name: str) -> Deployment:
    """What is deployed under a name.

    Raises:
        Refusal: nothing is, or a WorkflowTemplate that is no Metaflow flow.
        ArgoError: the call failed.
    """
    deployed = look(client, name)
    if deployed is None:
        raise Refusal(
            f"The workflow {name} doesn't exist on Argo Workflows in namespace {client.namespace}",
            remedy="please deploy your flow first",
        )
    return Deployment(client, deployed)


def _user() -> str:
    return next((os.environ[name] for name in _USER_VARIABLES if os.environ.get(name)), "unknown")
