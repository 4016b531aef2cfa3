"""Graphs, parameters and retries through the real scheduler, each run equal to `python flow.py run`."""

from __future__ import annotations

import pytest

from integration.airflow.engine import Engine
from integration.conformance.compare import differences, snapshot_in
from integration.conformance.corpus import CASES, Case
from integration.conformance.on_airflow import deploy
from integration.conformance.reference import reference
from integration.harness.process import cache_dir
from metaflow_extensions.orchestrators.core.ids import airflow_run_id

pytestmark = pytest.mark.airflow

REPRESENTATIVE = [
    "foreach_in_switch_in_foreach",
    "loop_in_foreach",
    "gang",
    "every_parameter-given",
    "retry_twice",
    "catch_kill",
    "timeout_caught",
]
FURTHER = [
    "single_step",
    "nested_foreach",
    "three_levels",
    "switch_in_foreach",
    "merge_after_switch-direct",
    "in_project-branch",
    "retry_catch_foreach",
    "failing",
    "long_loop",
]

Started = dict[str, tuple[str, str]]


def start_all(engine: Engine, names: list[str]) -> Started:
    """Deploy cases and start a run of each, so that they share the scheduler; DAG and run by case."""
    started = {}
    for name in names:
        dag_id = deploy(CASES[name], engine.home)
        started[name] = (dag_id, engine.start(dag_id, dict(CASES[name].parameters)))
    return started


@pytest.fixture(scope="module")
def representative(engine: Engine) -> Started:
    return start_all(engine, REPRESENTATIVE)


@pytest.fixture(scope="module")
def further(engine: Engine) -> Started:
    return start_all(engine, FURTHER)


def check(engine: Engine, case: Case, dag_id: str, run_id: str) -> None:
    run = engine.finished(dag_id, run_id, seconds=600)
    assert (run.state == "success") == case.expect_success, run.states()
    found = snapshot_in(engine.home.env, case.flow, airflow_run_id(run_id, dag_id))
    expected = reference(case, cache_dir() / "references").snapshot
    assert differences(expected, found, ordered=case.ordered, values=case.values, logs=case.logs) == []


@pytest.mark.parametrize("name", REPRESENTATIVE)
def test_representative_case(engine: Engine, representative: Started, name: str) -> None:
    check(engine, CASES[name], *representative[name])


@pytest.mark.conformance
@pytest.mark.parametrize("name", FURTHER)
def test_further_case(engine: Engine, further: Started, name: str) -> None:
    check(engine, CASES[name], *further[name])
