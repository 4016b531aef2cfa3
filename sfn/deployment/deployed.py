"""A flow that is deployed: its state machine, and whose it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from metaflow_provider.plan import Refusal

from ..asl import ParseError, StateMachine, parse
from ..aws import Aws, Machine
from .tags import FLOW, OWNER, TOKEN, value_of


@dataclass(frozen=True)
class Deployed:
    """A flow's state machine.

    Attributes:
        machine: as it is in AWS.
        owner: user who deployed it.
        token: its production token.
        flow: class name of the flow.
        by_stock: whether Metaflow without this package deployed it.
    """

    machine: Machine
    owner: str
    token: str
    flow: str
    by_stock: bool = False

    @property
    def name(self) -> str:
        """Name of the deployment."""
        return self.machine.name

    @cached_property
    def definition(self) -> StateMachine | None:
        """The machine as objects; `None` when somebody edited it into what cannot be read."""
        try:
            return parse(self.machine.definition)
        except ParseError:
            return None


def look(aws: Aws, name: str) -> Deployed | None:
    """What is deployed under a name; `None` when nothing is.

    Raises:
        Refusal: there is a state machine of that name which is no Metaflow flow.
        AwsError: a call failed.

    Example:
        >>> look(aws, "Train").owner
        'ada'
    """
    machine = aws.states.machine(aws.machine_arn(name))
    if machine is None:
        return None
    deployed = identified(machine)
    if deployed is None:
        raise Refusal(
            f"An existing non-metaflow workflow with the same name as {name} already exists in AWS Step "
            "Functions",
            remedy="please modify the name of this flow or delete your existing workflow",
        )
    return deployed


def identified(machine: Machine) -> Deployed | None:
    """Whose a state machine is; `None` when it is no flow's.

    Stock Metaflow leaves tags alone, so what it says in the definition is newer than they are.
    """
    said = _said_by_stock(machine.definition)
    if said:
        flow = said.get("metaflow.flow_name", "")
        return Deployed(machine, said.get(OWNER, ""), said.get(TOKEN, ""), flow, by_stock=True)
    if TOKEN in machine.tags:
        owner, token, flow = (value_of(machine.tags, key) for key in (OWNER, TOKEN, FLOW))
        return Deployed(machine, owner, token, flow)
    return None


def _said_by_stock(definition: str) -> Mapping[str, Any]:
    """The Batch parameters of the first state, where stock Metaflow keeps owner and token."""
    data = json.loads(definition)
    state = data.get("States", {}).get(data.get("StartAt"), {})
    arguments = state.get("Parameters")
    found = arguments.get("Parameters") if isinstance(arguments, dict) else None
    return found if isinstance(found, dict) and TOKEN in found else {}
