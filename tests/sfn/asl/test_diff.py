from __future__ import annotations

import pytest

from sfn.asl import Branch, Parallel, Pass, StateMachine, Wait, diff
from tests.sfn.asl.machines import MACHINES, inline_foreach, split


@pytest.mark.parametrize("name", MACHINES)
def test_the_same_machine_has_no_changes(name: str) -> None:
    assert diff(MACHINES[name], MACHINES[name]) == []


def lines(old: StateMachine, new: StateMachine) -> list[str]:
    return [str(change) for change in diff(old, new)]


def test_fields_are_compared_one_by_one() -> None:
    old = StateMachine.of(Pass("a", output={"x": [1, 2], "y": "é"}), timeout_seconds=60)
    new = StateMachine.of(Pass("a", output={"x": [1, 3, 4], "z": {}}), comment="hi", timeout_seconds=60)
    assert lines(old, new) == [
        '+ Comment: "hi"',
        "~ a.Output.x[1]: 2 -> 3",
        '- a.Output.y: "é"',
        "+ a.Output.x[2]: 4",
        "+ a.Output.z: {}",
    ]


def test_states_come_and_go() -> None:
    assert lines(StateMachine.of(Pass("a"), Pass("b")), StateMachine.of(Pass("a"), Wait("c", seconds=1))) == [
        '~ a.Next: "b" -> "c"',
        '- b: "Pass"',
        '+ c: "Wait"',
    ]


def test_nested_states_are_compared_by_name() -> None:
    machine = inline_foreach()
    assert lines(machine, machine.with_state("body", comment="new")) == ['+ body.Comment: "new"']
    assert lines(machine, machine.with_state("each", max_concurrency=2)) == ["~ each.MaxConcurrency: 40 -> 2"]


def test_a_state_in_another_branch_has_moved() -> None:
    def two(left: Pass, right: Pass) -> StateMachine:
        return StateMachine.of(Parallel("p", branches=(Branch.of(left), Branch.of(right))))

    assert lines(two(Pass("a"), Pass("b")), two(Pass("b"), Pass("a"))) == [
        '~ p.(0).StartAt: "a" -> "b"',
        '~ p.(1).StartAt: "b" -> "a"',
        '~ a.(inside): "p(0)" -> "p(1)"',
        '~ b.(inside): "p(1)" -> "p(0)"',
    ]


def test_values_that_only_python_takes_for_equal_differ() -> None:
    assert lines(StateMachine.of(Pass("a", output=1)), StateMachine.of(Pass("a", output=True))) == [
        "~ a.Output: 1 -> true"
    ]


def test_machines_of_different_shape() -> None:
    changes = diff(split(), inline_foreach())
    assert ("left", "") in [(change.state, change.field) for change in changes]
    assert ("each", "") in [(change.state, change.field) for change in changes]
