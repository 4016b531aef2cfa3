"""A flow that is deployed: its WorkflowTemplate, and whose it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from metaflow_provider.plan import Refusal

from ..clients.kinds import WORKFLOW_TEMPLATE, Object, annotations_of, name_of
from ..clients.protocol import Client
from .marks import FLOW, OWNER, PARAMETERS, TOKEN


@dataclass(frozen=True)
class Deployed:
    """A flow's WorkflowTemplate.

    Attributes:
        template: as it is in the cluster.
        owner: user who deployed it.
        token: its production token.
        flow: class name of the flow.
    """

    template: Object
    owner: str
    token: str
    flow: str

    @property
    def name(self) -> str:
        """Name of the deployment."""
        return name_of(self.template)

    @property
    def parameters(self) -> Mapping[str, Mapping[str, Any]]:
        """What a run may be given, as stock Metaflow describes it: type, whether it is required, default."""
        found: dict[str, dict[str, Any]] = json.loads(annotations_of(self.template).get(PARAMETERS, "{}"))
        return found


def look(client: Client, name: str) -> Deployed | None:
    """What is deployed under a name; `None` when nothing is.

    Raises:
        Refusal: there is a WorkflowTemplate of that name which is no Metaflow flow.
        ArgoError: a call failed.

    Example:
        >>> look(client, "train").owner
        'ada'
    """
    template = client.get(WORKFLOW_TEMPLATE, name)
    if template is None:
        return None
    deployed = identified(template)
    if deployed is None:
        raise Refusal(
            f"An existing non-metaflow workflow with the same name as {name} already exists in Argo "
            "Workflows",
            remedy="please modify the name of this flow or delete your existing workflow on Argo Workflows "
            "before proceeding",
        )
    return deployed


def identified(template: Object) -> Deployed | None:
    """Whose a WorkflowTemplate is; `None` when it is no flow's."""
    said = annotations_of(template)
    if OWNER not in said or TOKEN not in said:
        return None
    return Deployed(template, said[OWNER], said[TOKEN], said.get(FLOW, ""))
