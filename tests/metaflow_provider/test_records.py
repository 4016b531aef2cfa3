from __future__ import annotations

from typing import Any

import pytest

from metaflow_extensions.orchestrators.core.graph import (
    FOREACH,
    JOIN,
    LINEAR,
    SWITCH,
    Transition,
    build_graph,
)
from metaflow_provider.operators.records import RECORDS, chunks, led_here, pull, push

GRAPH = build_graph(
    [
        Transition("start", FOREACH, ("choose",)),
        Transition("choose", SWITCH, ("a", "b", "join")),
        Transition("a", LINEAR, ("merge",)),
        Transition("b", LINEAR, ("merge",)),
        Transition("merge", LINEAR, ("join",)),
        Transition("join", JOIN, ()),
    ],
    "start",
)


def record(*index: int, to: str) -> dict[str, Any]:
    return {"index": list(index), "next": [to]}


def test_a_step_runs_where_a_switch_led_to_it() -> None:
    records = {"choose": [record(0, to="a"), record(1, to="b")]}
    assert led_here(GRAPH, "a", (0,), records)
    assert not led_here(GRAPH, "a", (1,), records)
    assert led_here(GRAPH, "b", (1,), records)


def test_one_parent_is_enough() -> None:
    records = {"a": [record(0, to="merge")], "b": []}
    assert led_here(GRAPH, "merge", (0,), records)
    assert not led_here(GRAPH, "merge", (1,), records)


def test_a_join_runs_once_some_way_led_to_it_and_a_body_below_a_foreach_that_ran() -> None:
    assert led_here(GRAPH, "join", (), {"choose": [record(3, to="join")], "merge": []})
    assert not led_here(GRAPH, "join", (), {"choose": [record(3, to="a")], "merge": []})
    assert led_here(GRAPH, "choose", (5,), {"start": [record(to="choose")]})


class Run:
    """What a task instance sees of a step's XCom and states: `states` by map index."""

    dag_id, run_id, map_index = "train", "manual__1", None

    def __init__(self, value: Any, states: dict[int, str]) -> None:
        self._value = value
        self._states = states

    def xcom_pull(self, task_ids: str, key: str) -> Any:
        assert (task_ids, key) == ("work", RECORDS)
        return self._value

    def get_task_states(self, dag_id: str, task_ids: list[str], run_ids: list[str]) -> dict[str, Any]:
        assert (dag_id, task_ids, run_ids) == ("train", ["work"], ["manual__1"])
        names = {index: "work" if index < 0 else f"work_{index}" for index in self._states}
        return {"manual__1": {names[index]: state for index, state in self._states.items()}}


def pushed(map_index: int | None, *records: dict[str, Any]) -> list[dict[str, Any]]:
    """What `push` leaves in a task instance's XCom."""
    values: list[list[dict[str, Any]]] = []

    class Instance:
        def xcom_push(self, key: str, value: list[dict[str, Any]]) -> None:
            assert key == RECORDS
            values.append(value)

    instance = Instance()
    instance.map_index = map_index  # type: ignore[attr-defined]
    push(instance, records)
    return values[0]


ONE = pushed(None, record(to="a"))
MAPPED = [pushed(0, record(0, to="a")), None, pushed(2, record(2, to="a"), record(3, to="a"))]


@pytest.mark.parametrize(
    ("value", "states", "indices"),
    [
        (None, {-1: "skipped"}, []),
        (ONE, {-1: "success"}, [[]]),
        (MAPPED, {0: "success", 1: "skipped", 2: "success"}, [[0], [2], [3]]),
        ((MAPPED[0],), {0: "success"}, [[0]]),
        (ONE, {-1: "skipped"}, []),
        (MAPPED, {0: "success", 1: "skipped", 2: "removed"}, [[0]]),
    ],
    ids=["skipped", "one", "mapped, one of two", "lazy", "of before a clear", "mapped, of before a clear"],
)
def test_records_of_the_instances_that_succeeded(
    value: Any, states: dict[int, str], indices: list[list[int]]
) -> None:
    assert [record["index"] for record in pull(Run(value, states), "work")] == indices


@pytest.mark.parametrize(
    ("number", "groups"), [(0, 0), (1, 1), (1024, 1024), (1025, 513), (1500, 750), (5000, 1000)]
)
def test_index_paths_are_grouped_where_they_are_more_than_airflow_maps_over(number: int, groups: int) -> None:
    indices = [[i] for i in range(number)]
    found = chunks(indices)
    assert len(found) == groups
    assert [index for group in found for index in group] == indices
