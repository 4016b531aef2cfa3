"""What tasks every kind of graph becomes, and that they run what the flow says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hera_bridge import Bundle, Settings, Translator, translate
from hera_bridge.translation import chunks, dag, shapes
from metaflow_extensions.orchestrators.core.graph import JOIN, SPLIT
from metaflow_extensions.orchestrators.core.ids import TaskRef
from metaflow_provider.plan import FlowPlan, Step
from tests.core.grammar import FLOWS, Flow, Run
from tests.golden import check_golden
from tests.hera_bridge.translation.interpreter import Interpreter
from tests.hera_bridge.translation.plans import argo_plan, plan_of
from tests.metaflow_provider.plans import step
from tests.shapes import SHAPES

GOLDEN = Path(__file__).parent / "golden"
SEEDS = st.integers(min_value=0, max_value=2**32)


def bundle(plan: FlowPlan, **wishes: Any) -> Bundle:
    return translate(Translator(plan, Settings(**wishes)))


def spec(plan: FlowPlan, **wishes: Any) -> dict[str, Any]:
    found: dict[str, Any] = bundle(plan, **wishes).objects()[0]["spec"]
    return found


def dags(spec: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {each["name"]: each["dag"]["tasks"] for each in spec["templates"] if "dag" in each}


def graph_part(template: dict[str, Any]) -> dict[str, Any]:
    """A template without what pods are made of, which other tests look at."""
    fields = ("name", "inputs", "outputs", "dag", "steps", "suspend")
    return {field: template[field] for field in fields if field in template}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_kind_of_graph(request: pytest.FixtureRequest, shape: str) -> None:
    found = spec(argo_plan(*SHAPES[shape]), capture_errors=False)
    check_golden(request, GOLDEN / f"{shape}.json", list(map(graph_part, found["templates"])))


def done_by(spec: dict[str, Any], run: Run) -> list[TaskRef]:
    return sorted(Interpreter(spec, run).done)


def done_in(run: Run) -> list[TaskRef]:
    """Tasks of the run; Argo sees all iterations of a loop as one."""
    return sorted(task for task in run.parents if not task.iteration)


@settings(max_examples=150, deadline=None)
@given(FLOWS, SEEDS)
def test_any_graph_runs_what_the_flow_says(flow: Flow, seed: int) -> None:
    run = Run.of(flow, seed)
    assert done_by(spec(plan_of(flow)), run) == done_in(run)


@settings(max_examples=150, deadline=None)
@given(FLOWS, SEEDS, st.integers(min_value=3, max_value=8))
def test_a_graph_that_is_cut_runs_the_same(flow: Flow, seed: int, most: int) -> None:
    run = Run.of(flow, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "MOST_TASKS", most)
        patch.setattr(dag, "MOST_TASKS", most)
        patch.setattr(dag, "_FEWEST_IN_BRANCHES", 2)
        patch.setattr(shapes, "MOST_OWN_TEMPLATES", 3)
        assert done_by(spec(plan_of(flow)), run) == done_in(run)


@settings(max_examples=60, deadline=None)
@given(FLOWS)
def test_only_outputs_of_tasks_that_have_run_are_read(flow: Flow) -> None:
    for tasks in dags(spec(plan_of(flow))).values():
        by_name = {task["name"]: task for task in tasks}
        for task in tasks:
            for read in set(re.findall(r"tasks(?:\.|\[')([\w-]+)", str(task))):
                assert _needs(by_name, task["depends"], read), task


def _needs(tasks: dict[str, dict[str, Any]], depends: str, read: str) -> bool:
    """Whether a task with these dependencies can run only after `read` has."""
    ways = re.findall(r"([\w-]+)\.Succeeded", depends)
    if f"{read}.Succeeded" == depends:
        return True
    gates = [tasks[way]["depends"] for way in ways if "when" in tasks[way]]
    return "||" not in depends and any(_needs(tasks, gate, read) for gate in gates)


def rows(count: int, width: int) -> list[Step]:
    """A flow of `count` splits of `width` branches, one after the other."""
    steps = []
    for row in range(count):
        branches = [f"row{row}_{place}" for place in range(width)]
        steps += [step(f"fork{row}", *branches, kind=SPLIT)]
        steps += [step(branch, f"join{row}") for branch in branches]
        steps += [step(f"join{row}", f"fork{row + 1}" if row + 1 < count else "end", kind=JOIN)]
    return [*steps, step("end")]


@pytest.mark.parametrize(("count", "width"), [(10, 50), (1, 400), (40, 8)])
def test_large_flows_stay_within_the_limits_of_clusters(count: int, width: int) -> None:
    found = spec(argo_plan(*rows(count, width)))
    assert len(found["templates"]) <= 200
    assert max(map(len, dags(found).values())) <= 200


def test_steps_that_argo_cannot_tell_apart_have_names_of_their_own() -> None:
    steps = (
        step("start", "a_b", "_a_b", "gate", kind=SPLIT),
        *(step(name, "join") for name in ("a_b", "_a_b", "gate")),
        step("join", "end", kind=JOIN),
        step("end"),
    )
    found = bundle(argo_plan(*steps))
    assert [found.step(name).name for name in ("a_b", "_a_b", "gate")] == ["a-b", "a-b-2", "gate-2"]


def test_names_of_all_templates_are_unique() -> None:
    names = [each["name"] for each in spec(argo_plan(*rows(40, 8)))["templates"]]
    assert len(names) == len(set(names))
