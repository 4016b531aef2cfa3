from __future__ import annotations

import pickle
import sys
from dataclasses import replace
from types import ModuleType

import pytest

from integration.conformance.canonical import canonical, stand_ins, unordered
from integration.conformance.compare import RunSnapshot, TaskKey, TaskSnapshot, differences


def task(step: str, *index: int, iteration: int = 0, **artifacts: object) -> TaskSnapshot:
    values = {name: canonical(value) for name, value in artifacts.items()}
    return TaskSnapshot(TaskKey(step, index, iteration), attempts=(0,), ok=True, artifacts=values)


def run(*tasks: TaskSnapshot, successful: bool = True, tags: tuple[str, ...] = ()) -> RunSnapshot:
    return RunSnapshot("Flow", successful, tags, tasks)


START = task("start", items=[1, 2])
BODY = task("body", 0, x=1)
JOIN = task("join", marks=["a", "b"])
REFERENCE = run(START, BODY, JOIN)


def test_equal_runs_do_not_differ() -> None:
    assert differences(REFERENCE, run(JOIN, BODY, START)) == []


def test_missing_task() -> None:
    assert differences(REFERENCE, run(START, JOIN)) == ["body[0]: missing"]


def test_task_that_the_reference_lacks() -> None:
    assert differences(REFERENCE, run(START, BODY, task("body", 1, x=1), JOIN)) == [
        "body[1]: not in the reference"
    ]


def test_two_tasks_for_one() -> None:
    assert differences(REFERENCE, run(START, BODY, BODY, JOIN)) == ["body[0]: 2 tasks instead of 1"]


def test_another_iteration_is_another_task() -> None:
    found = differences(run(task("work"), task("work", iteration=1)), run(task("work")))
    assert found == ["work iteration 1: missing"]


def test_another_set_of_attempts() -> None:
    retried = replace(BODY, attempts=(0, 2))
    assert differences(REFERENCE, run(START, retried, JOIN)) == ["body[0]: attempts [0, 2] instead of [0]"]


def test_failed_task_and_run() -> None:
    failed = run(START, replace(BODY, ok=False), JOIN, successful=False)
    assert differences(REFERENCE, failed) == [
        "run: failed, the reference succeeded",
        "body[0]: failed, the reference succeeded",
    ]


def test_other_artifacts() -> None:
    other = run(task("start", items=[1, 3]), task("body", 0, y=1), JOIN)
    assert differences(REFERENCE, other) == [
        "start: artifact items is list(1, 3) instead of list(1, 2)",
        "body[0]: artifact x missing",
        "body[0]: artifact y not in the reference",
    ]


def test_a_long_artifact_is_shown_where_it_differs() -> None:
    (line,) = differences(run(task("a", x="-" * 500 + "left")), run(task("a", x="-" * 500 + "right")))
    assert "right" in line
    assert "left" in line
    assert len(line) < 200


def test_order_counts_unless_it_is_undefined() -> None:
    swapped = run(START, BODY, task("join", marks=["b", "a"]))
    assert differences(REFERENCE, swapped) == [
        "join: artifact marks is list('b', 'a') instead of list('a', 'b')"
    ]
    assert differences(REFERENCE, swapped, ordered=False) == []


def test_undefined_order_still_counts_how_often() -> None:
    twice = run(START, BODY, task("join", marks=["a", "a"]))
    assert len(differences(REFERENCE, twice, ordered=False)) == 1


def test_random_values_are_compared_by_name() -> None:
    other = run(START, task("body", 0, x=99), task("join", marks=["a", "b"], more=1))
    assert differences(REFERENCE, other, values=False) == ["join: artifact more not in the reference"]


def test_tags_and_cards() -> None:
    other = run(START, replace(BODY, cards=("default",)), JOIN, tags=("project:x",))
    assert differences(REFERENCE, other) == [
        "tags: [project:x] instead of []",
        "body[0]: cards [default] instead of []",
    ]


def test_logs_are_compared_on_request_and_stderr_may_hold_more() -> None:
    reference = run(replace(START, stdout=("one",), stderr=("oops",)))
    added = run(replace(START, stdout=("one",), stderr=("engine", "oops")))
    assert differences(reference, added, logs=True) == []
    lost = run(replace(START, stdout=("two",)))
    assert differences(reference, lost) == []
    assert [line.split()[1] for line in differences(reference, lost, logs=True)] == ["stdout", "stderr"]


def test_json_round_trip() -> None:
    tasks = (replace(BODY, cards=("default",), stdout=("ñ 😀",)), task("work", 1, 2, iteration=3, x=None))
    snapshot = run(*tasks, tags=("a",))
    assert RunSnapshot.from_json(snapshot.to_json()) == snapshot


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1, True),
        (1, 1.0),
        (1, "1"),
        ([1], (1,)),
        ({1}, frozenset({1})),
        ({"a": 1}, {"a": 2}),
        ("x" * 2000, "x" * 1999 + "y"),
        (ValueError("a"), ValueError("b")),
        (ValueError("a"), KeyError("a")),
        ([1, 2], [2, 1]),
        ({"a": [1, 2]}, {"a": [2, 1]}),
    ],
)
def test_values_that_differ_have_different_forms(left: object, right: object) -> None:
    assert canonical(left) != canonical(right)


def test_equal_values_have_one_form() -> None:
    assert canonical({"b", "a", "c"}) == canonical({"c", "b", "a"})
    assert canonical({"a": 1, "b": 2}) == canonical({"b": 2, "a": 1})
    assert canonical(float("nan")) == canonical(float("nan"))


def test_unordered_sorts_at_every_depth() -> None:
    assert unordered(canonical([[2, 1], (4, 3)])) == unordered(canonical([(3, 4), [1, 2]]))


def test_a_value_that_holds_itself() -> None:
    cycle: list[object] = [1]
    cycle.append(cycle)
    assert canonical(cycle) == ["list", "1", "<cycle>"]


FLOW_FILE = """
import enum

class Plain:
    def __init__(self, value):
        self.value = value

class Words(list):
    pass

class Colour(enum.Enum):
    RED = 1

class Trouble(Exception):
    pass
"""


def pickled_in_a_flow_file(expression: str) -> bytes:
    """The pickle of a value whose classes are in `__main__`, as in a step of `python flow.py run`."""
    main, flow_file = sys.modules["__main__"], ModuleType("__main__")
    sys.modules["__main__"] = flow_file
    try:
        exec(FLOW_FILE, flow_file.__dict__)
        return pickle.dumps(eval(expression, flow_file.__dict__))
    finally:
        sys.modules["__main__"] = main


@pytest.mark.parametrize(
    ("expression", "other"),
    [
        ("Plain(1)", "Plain(2)"),
        ("Words(['a'])", "Words(['b'])"),
        ("Trouble('x')", "Trouble('y')"),
        ("{Plain(Colour.RED): 1}", "{Plain(None): 1}"),
        ("Plain", "Words"),
    ],
)
def test_objects_of_classes_that_only_the_flow_file_has(expression: str, other: str) -> None:
    with stand_ins():
        first, again, different = (
            canonical(pickle.loads(pickled_in_a_flow_file(text))) for text in (expression, expression, other)
        )
    assert first == again
    assert first != different
    assert "Plain" not in vars(sys.modules["__main__"])
