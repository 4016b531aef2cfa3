"""What flows become, before Argo's own definitions and the Argo Server's checks; no pod is started."""

from __future__ import annotations

import dataclasses

import pytest

from hera_bridge import ArgoWorkflows, Client, Kubernetes, Settings
from metaflow_extensions.orchestrators.core.graph import JOIN, SPLIT
from metaflow_provider.plan import FlowPlan, Step
from metaflow_provider.plan.model import Limits, Parameter, Retry, Schedule
from tests.hera_bridge.translation.plans import argo_plan
from tests.metaflow_provider.plans import step
from tests.shapes import SHAPES

pytestmark = pytest.mark.argo

PARAMETERS = (Parameter("alpha", "float", default=0.5, help="how much"), Parameter("data", "json"))
ROWS, COLUMNS = 10, 50


def plan(name: str, *steps: Step) -> FlowPlan:
    """A plan with something of everything."""
    known = {"owner": "ada", "production_token": f"{name}-0-abcd", "limits": Limits(5, 3600)}
    tried = (dataclasses.replace(each, retry=Retry(2, 1, 2), timeout=600) for each in steps)
    schedules = (Schedule("0 6 * * 1", "Asia/Tokyo"), Schedule("30 6 * * *", "Asia/Tokyo"))
    found = argo_plan(*tried, parameters=PARAMETERS, schedules=schedules, **known)
    return dataclasses.replace(found, name=name, doc="Two lines:\nthe {{second}}.")


def flow(client: Client, name: str, *steps: Step) -> ArgoWorkflows:
    settings = Settings(
        namespace=client.namespace,
        priority=7,
        heartbeat=True,
        keep_seconds=3600,
        pod_gc="OnPodSuccess",
        concurrency_policy="Forbid",
        secrets=("some-secret",),
    )
    return ArgoWorkflows(plan(name, *steps), settings, client=client)


def rows() -> list[Step]:
    """Five hundred steps: ten splits of forty-eight, one after the other."""
    steps = []
    for row in range(ROWS):
        body = [f"s{row}x{column}" for column in range(COLUMNS - 2)]
        first, last = ("start" if row == 0 else f"split{row}"), f"join{row}"
        steps.append(step(first, *body, kind=SPLIT))
        steps += [step(each, last) for each in body]
        steps.append(step(last, "end" if row == ROWS - 1 else f"split{row + 1}", kind=JOIN))
    return [*steps, step("end")]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_kind_of_graph_is_taken_and_deploying_twice_changes_nothing(
    client: Client, name: str, shape: str
) -> None:
    flow(client, name, *SHAPES[shape]).plan().apply()
    assert flow(client, name, *SHAPES[shape]).plan().diff() == ""


def test_a_flow_of_five_hundred_steps_is_taken(kubernetes: Kubernetes, name: str) -> None:
    flow(kubernetes, name, *rows()).plan().apply()
    assert flow(kubernetes, name, *rows()).plan().is_empty
