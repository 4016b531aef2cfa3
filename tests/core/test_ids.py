from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaflow_extensions.orchestrators.core.ids import TaskRef, airflow_run_id, parse_task_id, task_id

NUMBERS = st.integers(min_value=0, max_value=10**9)
PLACES = st.tuples(st.lists(NUMBERS, max_size=5).map(tuple), NUMBERS)


@pytest.mark.parametrize(
    ("index", "iteration", "text"),
    [((), 0, "t"), ((2, 5), 0, "t-2-5"), ((0,), 3, "t-0-i3"), ((), 12, "t-i12"), ((0, 0, 0), 0, "t-0-0-0")],
)
def test_ids_are_written_as_documented(index: tuple[int, ...], iteration: int, text: str) -> None:
    assert task_id(index, iteration) == text
    assert parse_task_id(text) == (index, iteration)
    assert TaskRef("work", index, iteration).task_id == text


@given(PLACES)
def test_what_is_written_is_read_back(place: tuple[tuple[int, ...], int]) -> None:
    assert parse_task_id(task_id(*place)) == place


@given(PLACES, PLACES)
def test_two_places_never_share_an_id(
    one: tuple[tuple[int, ...], int], other: tuple[tuple[int, ...], int]
) -> None:
    assert (task_id(*one) == task_id(*other)) == (one == other)


@pytest.mark.parametrize(
    "text",
    ["", "t-", "1", "t-params", "t-i0", "t-i01", "t-i3-2", "t--1", "t-a", "t-1-i", "T-1", "t-1\n", " t"],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a task id"):
        parse_task_id(text)


def test_the_airflow_run_id_is_stock_metaflows() -> None:
    # Stock hashes the text "<dag run id>-<dag id>" that its `run_id_hash` macro gets.
    expected = hashlib.md5(b"manual__2024-01-01T00:00:00+00:00-Train").hexdigest()[:12]
    assert airflow_run_id("manual__2024-01-01T00:00:00+00:00", "Train") == f"airflow-{expected}"
    assert airflow_run_id("a", "b") != airflow_run_id("b", "a")
