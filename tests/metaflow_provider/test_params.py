from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.sdk.exceptions import ParamValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from metaflow_provider.dag.params import airflow_param
from metaflow_provider.operators.values import command_line_values
from metaflow_provider.plan.model import Parameter

HOSTILE = [
    'it\'s "quoted"',
    "$HOME `id` $(id)",
    "line\nbreak\ttab",
    "{{ ds }} {% raw %}",
    "{",
    "🎈 ünïcode",
    "",
    " spaces ",
    "null",
    "None",
    "--option=value",
    "x" * 100_000,
]


def text(parameter: Parameter, value: Any) -> dict[str, str]:
    return command_line_values((parameter,), {parameter.name: value})


@pytest.mark.parametrize("value", HOSTILE)
def test_text_is_kept_as_it_is(value: str) -> None:
    assert text(Parameter("a", "str", default="plain"), value) == {"a": value}
    assert text(Parameter("a", "file"), value) == {"a": value}


@settings(deadline=None)
@given(st.text())
def test_any_text_is_kept(value: str) -> None:
    assert text(Parameter("a", "str", required=True), value) == {"a": value}


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("int", 0, "0"),
        ("int", -3, "-3"),
        ("int", 10**30, str(10**30)),
        ("int", 5.0, "5"),
        ("int", -1e3, "-1000"),
        ("float", 5.0, "5.0"),
        ("float", 0.1, "0.1"),
        ("float", 1, "1"),
        ("float", 1e-300, "1e-300"),
        ("bool", False, "False"),
        ("bool", True, "True"),
        ("json", {"a": [1, None, {"b": False}]}, '{"a": [1, null, {"b": false}]}'),
        ("json", [], "[]"),
        ("json", False, "false"),
        ("json", 0, "0"),
        ("json", '{"as": "text"}', '{"as": "text"}'),
        ("json", "null", "null"),
    ],
)
def test_values_as_command_line_text(kind: str, value: Any, expected: str) -> None:
    assert text(Parameter("a", kind), value) == {"a": expected}


@pytest.mark.parametrize("kind", ["str", "int", "float", "bool", "json", "file"])
def test_no_value_means_not_given(kind: str) -> None:
    parameter = Parameter("a", kind)
    assert text(parameter, None) == {}
    assert command_line_values((parameter,), {}) == {}


def test_a_default_of_the_flow_file_is_left_to_the_flow() -> None:
    assert text(Parameter("a", "int", default=3), 3) == {}
    assert text(Parameter("a", "int", default=3), 4) == {"a": "4"}
    assert text(Parameter("a", "json", default={"k": 1}), {"k": 1}) == {}
    # What Python calls equal is another value to the flow.
    assert text(Parameter("a", "json", default=1), True) == {"a": "true"}
    assert text(Parameter("a", "json", default=0), False) == {"a": "false"}
    assert text(Parameter("a", "json", default=[1]), [True]) == {"a": "[true]"}


def test_a_default_of_deploy_time_is_given_to_the_tasks() -> None:
    assert text(Parameter("a", "str", default="now", deploy_time=True), "now") == {"a": "now"}
    assert text(Parameter("a", "json", default={"k": 1}, deploy_time=True), {"k": 1}) == {"a": '{"k": 1}'}


SCHEMAS = [
    ("str", "string", "text", 1),
    ("int", "integer", 3, "3"),
    ("float", "number", 0.5, "0.5"),
    ("bool", "boolean", False, "False"),
    ("file", "string", "descriptor", 1),
]


@pytest.mark.parametrize(("kind", "schema", "good", "bad"), SCHEMAS)
def test_params_have_the_type_of_the_parameter(kind: str, schema: str, good: Any, bad: Any) -> None:
    param = airflow_param(Parameter("a", kind, default=good, help="What it is."))
    assert (param.resolve(), param.schema["type"], param.description) == (
        good,
        ["null", schema],
        "What it is.",
    )
    with pytest.raises(ParamValidationError):
        param.resolve(bad)


@pytest.mark.parametrize(("kind", "schema", "good", "bad"), [*SCHEMAS, ("json", "object", {"a": 1}, None)])
def test_null_is_not_given_so_the_default_holds(kind: str, schema: str, good: Any, bad: Any) -> None:
    parameter = Parameter("a", kind, default=good)
    assert airflow_param(parameter).resolve(None) is None
    assert text(parameter, None) == {}


@pytest.mark.parametrize(("kind", "schema", "good", "bad"), [*SCHEMAS, ("json", "object", {"a": 1}, None)])
def test_a_required_parameter_has_to_be_given(kind: str, schema: str, good: Any, bad: Any) -> None:
    param = airflow_param(Parameter("a", kind, required=True))
    assert not param.has_value
    for nothing in ((), (None,)):
        with pytest.raises(ParamValidationError):
            param.resolve(*nothing)
    assert param.resolve(good) == good


@pytest.mark.parametrize(("kind", "schema", "good", "bad"), SCHEMAS)
def test_a_parameter_without_default_may_be_left_out(kind: str, schema: str, good: Any, bad: Any) -> None:
    param = airflow_param(Parameter("a", kind))
    assert param.resolve() is None
    assert param.resolve(good) == good
    with pytest.raises(ParamValidationError):
        param.resolve(bad)


@pytest.mark.parametrize("value", [{"a": 1}, [1], "text", 0, 0.5, False])
def test_json_takes_any_value(value: Any) -> None:
    assert airflow_param(Parameter("a", "json", required=True)).resolve(value) == value


@pytest.mark.parametrize("default", [{"a": 1}, [1], "text", '"', 0, False])
def test_a_json_default_reaches_the_flow_as_it_was(default: Any) -> None:
    parameter = Parameter("a", "json", default=default, deploy_time=True)
    shown = airflow_param(parameter).resolve()
    assert json.loads(text(parameter, shown)["a"]) == default
