from __future__ import annotations

import pytest

from sfn.asl.jsonpath import path_problem, value_problem, variables


@pytest.mark.parametrize(
    "path",
    [
        "$",
        "$$",
        "$.a.b_c.d-e",
        "$.['a','b']",
        "$['it\\'s'].x",
        "$.[0].x",
        "$.a[-1]",
        "$.a[0,2]",
        "$.a[1:3]",
        "$.a[*].b",
        "$..b",
        "$..*",
        "$.a[?(@.n > 3 && @.k == ']')]",
        "$.a.length()",
        "$$.Execution.Name",
        "$order.items[0]",
        "$.é.ü",
    ],
)
def test_paths_are_left_alone(path: str) -> None:
    assert path_problem(path) is None


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("a.b", "a path starts with $"),
        ("", "a path starts with $"),
        ("$.", "'.' is no step"),
        ("$.[", "'.[' is no step"),
        ("$.a[", "'[' is no step"),
        ("$.a[b]", "'[b]' is no step"),
        ("$.a['c", "is no step"),
        ("$.a b", "' b' is no step"),
        ("$a$b", "'$b' is no step"),
    ],
)
def test_what_is_no_path_is_said(path: str, why: str) -> None:
    problem = path_problem(path)
    assert problem is not None
    assert why in problem


@pytest.mark.parametrize("path", ["$", "$.a['b'][0]", "$.a.[1].c", "$v.a", "$$.Map.Item.Value"])
def test_reference_paths_name_one_place(path: str) -> None:
    assert path_problem(path, reference=True) is None


@pytest.mark.parametrize(
    "path", ["$.a[*]", "$..a", "$.a[0:1]", "$['a','b']", "$.a[?(@.b)]", "$.a.length()", "$.a[-1]"]
)
def test_reference_paths_name_no_more(path: str) -> None:
    assert path_problem(path) is None
    assert "which names one place" in (path_problem(path, reference=True) or "")


@pytest.mark.parametrize(
    "value",
    [
        "$.x",
        "$v",
        "States.UUID()",
        "States.Array(1, -2.5e3, 'it\\'s, (a', true, null, $.x[0], $v)",
        "States.Format('{}', States.ArrayLength(States.StringSplit('a,b', ',')))",
        "States.MathRandom(1, 999)",
        "States.JsonMerge($.x, $.y, false)",
    ],
)
def test_values_are_left_alone(value: str) -> None:
    assert value_problem(value) is None


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("plain", "neither a path"),
        ("States.Nope($.x)", "no intrinsic function States.Nope"),
        ("States.Format('{}', $.x", "States.Format( is not closed"),
        ("States.Format('{}' $.x)", "States.Format( is not closed"),
        ("States.ArrayLength($.x, 2)", "States.ArrayLength takes 1 arguments, not 2"),
        ("States.Hash($.x)", "States.Hash takes 2 arguments, not 1"),
        ("States.UUID() & 'a'", "follows the function"),
        ("States.Array(plain)", "neither a path"),
        ("$.[", "is no step"),
    ],
)
def test_what_is_no_value_is_said(value: str, why: str) -> None:
    assert why in (value_problem(value) or "")


def test_variables() -> None:
    assert variables("States.Format('{} $x it\\'s', $order.number, $.a, $$.Execution.Id, $n)") == (
        "order",
        "n",
    )
    assert variables("$order['$key'].x") == ("order",)
    assert variables("$.a") == ()
