"""Names are those of stock Metaflow, so that either finds what the other has deployed."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
from metaflow.exception import MetaflowException
from metaflow.plugins.argo import argo_workflows_cli as stock

from metaflow_extensions.orchestrators.plugins.argo_workflows import naming
from metaflow_extensions.orchestrators.plugins.common import naming as common
from metaflow_extensions.orchestrators.plugins.common.errors import Refused

_KUBERNETES = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


class Current:
    """Stands in for what Metaflow knows of the running flow."""

    def __init__(self, flow: str, project: str = "", branch: str = "") -> None:
        self.flow_name = flow
        self.project_name, self.branch_name = project or None, branch
        self.project_flow_name = f"{project}.{branch}.{flow}"

    def get(self, name: str) -> Any:
        return getattr(self, name)


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Any:
    def resolve(flow: str, *, name: str | None = None, project: str = "", branch: str = "") -> Any:
        current = Current(flow, project, branch)
        for module in (stock, naming, common):
            monkeypatch.setattr(module, "current", current)
        return naming.resolve_workflow_name(name)

    return resolve


def as_in_stock(name: str | None = None) -> tuple[Any, ...]:
    short, prefix, is_project, modified, too_long = stock.resolve_workflow_name_v2(None, name)
    old, _ = stock.resolve_workflow_name_v1(None, name)
    return short, prefix, is_project, modified, too_long is not None, old or ""


def found(name: naming.WorkflowName) -> tuple[Any, ...]:
    too_long = not name.is_project and len(name.wanted) > naming.LONGEST
    return name.name, name.token_prefix, name.is_project, name.is_cut, too_long, name.old


def _flows() -> Iterator[str]:
    chance = random.Random(7)
    letters = "abcXYZ019_"
    for length in (1, 5, 20, 44, 45, 46, 80, 260):
        for first in ("A", "z", "_B"):
            yield first + "".join(chance.choice(letters) for _ in range(length - 1)) + "e"


@pytest.mark.parametrize("flow", [*_flows(), "My_Flow", "MyFlow_", "__Flow"])
def test_names_of_flows(resolve: Any, flow: str) -> None:
    name = resolve(flow)
    expected = as_in_stock()
    if _KUBERNETES.fullmatch(expected[0]):
        assert found(name) == expected
    assert _KUBERNETES.fullmatch(name.name)


@pytest.mark.parametrize(
    "branch", ["prod", "user.ada", "test.b_1", "user.ada+x@example.com", "prod." + "b" * 60]
)
@pytest.mark.parametrize("project", ["p", "my_project", "q" * 70, "1st"])
@pytest.mark.parametrize("flow", ["Flow", "Train_" + "x" * 50, "L" * 240])
def test_names_in_projects(resolve: Any, flow: str, project: str, branch: str) -> None:
    name = resolve(flow, project=project, branch=branch)
    assert found(name) == as_in_stock()
    assert _KUBERNETES.fullmatch(name.name)
    # Stock Metaflow does not count the dots; a CronWorkflow's name may have 52 characters.
    assert len(name.name) <= naming.LONGEST + 2


def test_a_user_whose_name_kubernetes_does_not_take(resolve: Any) -> None:
    name = resolve("Flow", project="demo", branch="user.Ada Łovelace")
    assert name.name == "demo.user.adaovelace.flow"
    assert name.is_cut


@pytest.mark.parametrize("name", ["train", "a.b-c", "x1"])
def test_names_that_are_given(resolve: Any, name: str) -> None:
    assert found(resolve("Flow", name=name)) == as_in_stock(name)


@pytest.mark.parametrize("name", ["Train", "a_b", "-a", "a-", "a..b", "a.-b", "1a"])
def test_names_that_kubernetes_does_not_take(resolve: Any, name: str) -> None:
    with pytest.raises(Refused, match="must consist of lower case alphanumeric characters"):
        resolve("Flow", name=name)


def test_no_name_beside_a_project(resolve: Any) -> None:
    with pytest.raises(MetaflowException, match="--name is not supported for @projects"):
        resolve("Flow", name="train", project="p", branch="prod")


def test_only_a_deployment_needs_a_short_name(resolve: Any) -> None:
    resolve("Flow", name="a" * 45).check_length()
    name = resolve("F" + "l" * 45)
    assert name.name == "f" + "l" * 45
    with pytest.raises(
        naming.ArgoWorkflowsNameTooLong, match=r"longer than 45 characters(.|\n)*--name <name>"
    ):
        name.check_length()


def test_the_name_before_2_17(resolve: Any) -> None:
    name = resolve("Flow", project="demo", branch="user." + "b" * 60)
    assert name.has_other_old_name
    assert name.old == f"demo.user.{'b' * 60}.flow"
    assert not resolve("Flow").has_other_old_name
