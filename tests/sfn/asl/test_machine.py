from __future__ import annotations

import json
from dataclasses import FrozenInstanceError

import pytest

from sfn.asl import (
    NULL,
    Branch,
    Choice,
    ChoiceRule,
    Fail,
    Pass,
    Retry,
    State,
    StateMachine,
    Succeed,
    Task,
    chain,
    check,
    parse,
    states,
)
from sfn.integrations import problems
from tests.sfn.asl.machines import MACHINES, inline_foreach, split


@pytest.mark.parametrize("name", MACHINES)
def test_machines_put_together_with_the_library_have_no_findings(name: str) -> None:
    assert [str(finding) for finding in check(MACHINES[name], problems)] == []


@pytest.mark.parametrize("name", MACHINES)
def test_a_machine_survives_its_text(name: str) -> None:
    machine = MACHINES[name]
    assert parse(machine.to_json()) == machine
    assert parse(json.dumps(machine.to_dict(), indent=2)).digest() == machine.digest()


class TestChain:
    def test_next_and_end_are_filled_in(self) -> None:
        machine = StateMachine.of(Pass("a") >> Pass("b") >> Pass("c"))
        assert machine.start_at == "a"
        assert [(s.next, s.end) for s in machine.states.values() if isinstance(s, Pass)] == [
            ("b", None),
            ("c", None),
            (None, True),
        ]

    def test_what_is_said_already_stays(self) -> None:
        machine = StateMachine.of(Pass("a", next="c"), Pass("b"), Pass("c"))
        assert machine.to_dict()["States"]["a"]["Next"] == "c"

    def test_a_choice_leads_on_by_its_default(self) -> None:
        route = Choice("route", choices=(ChoiceRule(condition=states.input.n > 0, next="work"),))
        machine = StateMachine.of(
            chain(route).alongside(Pass("work")) >> Pass("go on"), query_language="JSONata"
        )
        written = machine.to_dict()["States"]
        assert written["route"]["Default"] == "go on"
        assert written["work"] == {"Type": "Pass", "Next": "go on"}
        assert check(machine) == []

    def test_a_succeed_needs_no_end(self) -> None:
        assert StateMachine.of(Pass("a"), Succeed("b")).to_dict()["States"]["b"] == {"Type": "Succeed"}

    def test_nothing_follows_a_state_that_ends(self) -> None:
        with pytest.raises(ValueError, match="'stop' ends the execution"):
            chain(Pass("a"), Fail("stop"), Pass("b"))

    def test_names_are_unique(self) -> None:
        with pytest.raises(ValueError, match="'a' is in the chain twice"):
            chain(Pass("a"), Pass("a"))


class TestEditing:
    def test_states_are_found_by_name_at_any_depth(self) -> None:
        machine = inline_foreach()
        assert machine.states["start"] is machine.find("start")
        assert "body" not in machine.states
        assert machine.find("body").name == "body"
        with pytest.raises(
            LookupError, match=r"no state 'gone'; there are: init, start, each, enter, body, join"
        ):
            machine.find("gone")

    def test_a_nested_state_is_changed_in_place(self) -> None:
        machine = inline_foreach()
        retry = (Retry(error_equals=("States.ALL",), max_attempts=1),)
        changed = machine.with_state("body", retry=retry, comment="tried twice")
        body = changed.find("body")
        assert isinstance(body, Task)
        assert (body.retry, body.comment) == (retry, "tried twice")
        assert changed.with_state("body", retry=_task(machine, "body").retry, comment=None) == machine

    def test_every_state_is_changed(self) -> None:
        def quick(state: State) -> State:
            return state.replace(timeout_seconds=60) if isinstance(state, Task) else state

        timeouts = [s.timeout_seconds for s in split().map_states(quick).walk() if isinstance(s, Task)]
        assert timeouts == [60, 60, 60, 60]

    def test_unknown_states_and_fields_are_refused(self) -> None:
        with pytest.raises(LookupError, match="no state 'gone'"):
            split().with_state("gone", comment="x")
        with pytest.raises(TypeError, match="tmeout"):
            split().with_state("left", tmeout=1)

    def test_nothing_is_changed_by_assignment(self) -> None:
        with pytest.raises(FrozenInstanceError):
            split().states["start"].comment = "x"  # type: ignore[misc]

    def test_states_stand_under_their_own_names(self) -> None:
        with pytest.raises(ValueError, match="'a' is given under the name 'b'"):
            Branch(start_at="b", states={"b": Pass("a")})

    def test_a_payload_does_not_change_with_the_data_that_it_was_made_from(self) -> None:
        data = {"a": [1]}
        state = Pass("p", output=data)
        data["a"].append(2)
        assert state.output == {"a": [1]}


class TestRendering:
    def test_equal_machines_have_equal_text(self) -> None:
        one = StateMachine.of(Pass("a", output={"x": 1, "y": 2}), Pass("b"))
        states_in_another_order = dict(reversed(list(one.states.items())))
        other = StateMachine(start_at="a", states=states_in_another_order)
        other = other.with_state("a", output={"y": 2, "x": 1})
        assert other == one
        assert other.to_json() == one.to_json()
        assert other.digest() == one.digest() != one.with_state("b", comment="x").digest()

    def test_text_is_compact_and_not_escaped(self) -> None:
        machine = StateMachine.of(Pass("é", end=True))
        assert machine.to_json() == '{"StartAt":"é","States":{"é":{"End":true,"Type":"Pass"}}}'

    def test_null_is_a_value_and_none_is_not_there(self) -> None:
        assert Pass("p", result_path=NULL).to_dict() == {"Type": "Pass", "ResultPath": None}
        assert Pass("p", result_path=None).to_dict() == {"Type": "Pass"}

    def test_an_object_shows_what_it_holds(self) -> None:
        state = Pass("p", output={"n": states.input.n}, result_path=NULL)
        assert repr(state) == "Pass(name='p', output={'n': '{% $states.input.n %}'}, result_path=NULL)"

    def test_numbers_that_json_does_not_have_are_refused(self) -> None:
        with pytest.raises(ValueError, match="JSON compliant"):
            StateMachine.of(Pass("p", output=float("nan"))).to_json()


def _task(machine: StateMachine, name: str) -> Task:
    state = machine.find(name)
    assert isinstance(state, Task)
    return state
