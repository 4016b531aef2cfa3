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
from metaflow_provider.operators.records import RECORDS, chunks, led_here, pull

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


class Stored:
    """A task instance's view of XComs, as far as `pull` asks."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def xcom_pull(self, task_ids: str, key: str) -> Any:
        assert (task_ids, key) == ("work", RECORDS)
        return self._value


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (None, 0),
        ([record(to="a")], 1),
        ([[record(0, to="a")], None, [record(2, to="a"), record(3, to="a")]], 3),
        (([record(0, to="a")],), 1),
    ],
    ids=["skipped", "one task", "mapped, one skipped, one with two", "lazy"],
)
def test_records_of_all_instances(value: Any, count: int) -> None:
    assert len(pull(Stored(value), "work")) == count


@pytest.mark.parametrize(
    ("number", "groups"), [(0, 0), (1, 1), (1024, 1024), (1025, 513), (1500, 750), (5000, 1000)]
)
def test_index_paths_are_grouped_where_they_are_more_than_airflow_maps_over(number: int, groups: int) -> None:
    indices = [[i] for i in range(number)]
    found = chunks(indices)
    assert len(found) == groups
    assert [index for group in found for index in group] == indices
