from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfn.asl import NULL, Choice, Map, ParseError, Pass, check, parse
from tests.sfn.asl.definitions import BROKEN, VALID

NAMES = st.text(min_size=1, max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def objects(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with some of the fields, and now and then one that nobody knows."""
    unknown = st.dictionaries(st.text(min_size=1).map("x-{}".format), JSON, max_size=1)
    return st.tuples(st.fixed_dictionaries({}, optional=fields), unknown).map(
        lambda pair: {**pair[0], **pair[1]}
    )


def scopes(
    states: st.SearchStrategy[Any], **more: st.SearchStrategy[Any]
) -> st.SearchStrategy[dict[str, Any]]:
    required = st.fixed_dictionaries(
        {"StartAt": NAMES, "States": st.dictionaries(NAMES, states, min_size=1, max_size=3)}
    )
    return st.tuples(objects(Comment=st.text(), **more), required).map(lambda pair: {**pair[0], **pair[1]})


def typed(name: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    common = {"Comment": st.text(), "QueryLanguage": st.sampled_from(["JSONata", "JSONPath"]), "Output": JSON}
    return objects(**common, **fields).map(lambda fields: {**fields, "Type": name})


ASSIGN = st.dictionaries(st.text(), JSON, max_size=2)
ERRORS = st.lists(st.text(), max_size=2)
RETRY = st.lists(
    objects(ErrorEquals=ERRORS, MaxAttempts=st.integers(), BackoffRate=st.floats(1, 9)), max_size=2
)
CATCH = st.lists(objects(ErrorEquals=ERRORS, Next=NAMES, ResultPath=st.none() | st.text()), max_size=2)
FLOW = {"Next": NAMES, "End": st.booleans(), "Assign": ASSIGN, "InputPath": st.none() | st.text()}
WORK = {**FLOW, "Retry": RETRY, "Catch": CATCH, "Parameters": JSON, "Arguments": JSON}
CONFIG = objects(Mode=st.text(), ExecutionType=st.text())
READER = objects(
    Resource=st.text(), ReaderConfig=objects(CSVHeaders=ERRORS, MaxItems=st.integers()), Arguments=JSON
)
SIMPLE = st.one_of(
    typed("Task", Resource=st.text(), TimeoutSeconds=st.integers(), **WORK),
    typed("Pass", Result=JSON, **FLOW),
    typed(
        "Choice",
        Choices=st.lists(objects(Condition=st.text(), Next=NAMES, Variable=st.text())),
        Default=NAMES,
    ),
    typed("Wait", Seconds=st.integers(), Timestamp=st.text(), **FLOW),
    typed("Succeed"),
    typed("Fail", Error=st.text(), CausePath=st.text()),
)


def nesting(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    processor = scopes(inner, ProcessorConfig=CONFIG)
    writer = objects(Resource=st.text(), WriterConfig=objects(OutputType=st.text()))
    return st.one_of(
        typed("Parallel", Branches=st.lists(scopes(inner), max_size=2), **WORK),
        typed("Map", ItemProcessor=processor, ItemReader=READER, ResultWriter=writer, Items=JSON, **WORK),
        typed("Map", Iterator=processor, ItemBatcher=objects(MaxItemsPerBatch=st.integers()), **WORK),
    )


MACHINES = scopes(
    st.recursive(SIMPLE, nesting, max_leaves=4), QueryLanguage=st.text(), TimeoutSeconds=st.integers()
)


@settings(deadline=None, max_examples=60)
@given(MACHINES)
def test_any_definition_comes_out_as_it_went_in(definition: dict[str, Any]) -> None:
    assert parse(definition).to_dict() == definition
    assert parse(json.dumps(definition)) == parse(definition)


@settings(deadline=None, max_examples=60)
@given(MACHINES)
def test_any_definition_can_be_checked(definition: dict[str, Any]) -> None:
    for finding in check(definition):
        assert len(str(finding).splitlines()) == 1


@pytest.mark.parametrize("title", [*VALID, *(b.title for b in BROKEN if isinstance(b.definition, dict))])
def test_examples_come_out_as_they_went_in(title: str) -> None:
    definition = {**VALID, **{b.title: b.definition for b in BROKEN}}[title]
    if title != "a type that does not exist":
        assert parse(definition).to_dict() == definition


def test_fields_have_their_names() -> None:
    machine = parse(
        {
            "StartAt": "m",
            "States": {
                "m": {
                    "Type": "Map",
                    "MaxConcurrency": 3,
                    "InputPath": None,
                    "ItemReader": {"ReaderConfig": {"CSVHeaderLocation": "FIRST_ROW"}},
                    "Iterator": {"StartAt": "p", "States": {"p": {"Type": "Pass", "Result": None}}},
                    "Colour": "red",
                }
            },
        }
    )
    state, inner = machine.states["m"], machine.find("p")
    assert isinstance(state, Map)
    assert isinstance(inner, Pass)
    assert (state.max_concurrency, state.input_path, state.extra) == (3, NULL, {"Colour": "red"})
    assert state.item_reader is not None
    assert state.item_reader.reader_config is not None
    assert state.item_reader.reader_config.csv_header_location == "FIRST_ROW"
    assert inner.result is NULL


def test_comparisons_of_jsonpath_rules_are_kept_as_data() -> None:
    rule = {"And": [{"Variable": "$.a", "IsPresent": True}], "Next": "c"}
    machine = parse({"StartAt": "c", "States": {"c": {"Type": "Choice", "Choices": [rule]}}})
    state = machine.states["c"]
    assert isinstance(state, Choice)
    assert state.choices is not None
    assert state.choices[0].extra == {"And": [{"Variable": "$.a", "IsPresent": True}]}


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ("[", "the machine: the definition is not JSON: Expecting value"),
        ("NaN", "the machine: the definition is not JSON: NaN is not a JSON number"),
        ("[]", "the machine: the definition is a list, not an object [not-an-object]"),
        ({}, "the machine: the definition has no StartAt [missing-field]"),
        ({"StartAt": 1, "States": {}}, "the machine: StartAt is 1, not the name of a state [not-text]"),
        ({"StartAt": "a", "States": []}, "the machine: States is a list, not an object [not-an-object]"),
        ({"StartAt": "a", "States": {"a": 1}}, "state 'a': the state is 1, not an object [not-an-object]"),
        (
            {"StartAt": "a", "States": {"a": {}}},
            "state 'a': it has no Type; states are of one of the types Task,",
        ),
        (
            {"StartAt": "a", "States": {"a": {"Type": "Task", "Retry": {}}}},
            "state 'a': Retry is an object, not a list [not-a-list]",
        ),
        (
            {"StartAt": "a", "States": {"a": {"Type": "Task", "Catch": [None]}}},
            "state 'a': Catch[0] is null, not an object [not-an-object]",
        ),
        (
            {"StartAt": "a", "States": {"a": {"Type": "Map", "ItemProcessor": None}}},
            "state 'a': ItemProcessor is null, not an object [not-an-object]",
        ),
        (
            {"StartAt": "a", "States": {"a": {"Type": "Parallel", "Branches": [{"StartAt": "b"}]}}},
            "state 'a': Branches[0] has no States [missing-field]",
        ),
        (
            '{"StartAt": "a", "States": {"a": {"Type": "Task", "Retry": [{"A": 1, "A": 2}]}}}',
            "state 'a': Retry has the key 'A' twice [duplicate-key]",
        ),
        (
            '{"StartAt": "a", "StartAt": "b", "States": {}}',
            "the machine: the definition has the key 'StartAt' twice",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(definition: Any, message: str) -> None:
    with pytest.raises(ParseError) as refusal:
        parse(definition)
    assert str(refusal.value).startswith(message)
    assert [str(finding) for finding in check(definition)] == [str(refusal.value)]
