from __future__ import annotations

import json
import operator
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfn.asl import (
    Expression,
    Pass,
    and_,
    call,
    check,
    constant,
    each,
    if_,
    in_,
    interval,
    literal,
    not_,
    or_,
    raw,
    states,
    this,
    var,
)
from sfn.asl.jsonata import problem
from tests.sfn.asl.evaluator import evaluate

NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
# Text that could end a string, a name, an expression or its markers.
NASTY = (
    st.text()
    | st.text(alphabet="'\"`\\{}%$&()\n\x00é😀 a.")
    | st.sampled_from(["{% $x %}", "%}", "and", "$"])
)


def run(text: Any, **variables: Any) -> Any:
    """What an evaluator of JSONata makes of an expression as it stands in a definition."""
    code = str(text)
    assert code.startswith("{% ")
    assert code.endswith(" %}")
    assert "%}" not in code[:-2]
    assert "{%" not in code[2:]
    assert problem(code[2:-2]) is None
    return evaluate(code[2:-2], **variables)


def doubles(value: Any) -> str:
    """A value as text, its numbers as JSONata has them: no difference between 1 and 1.0, 0 and -0."""

    def double(number: str) -> float:
        return float(number) + 0.0

    return json.dumps(json.loads(json.dumps(value), parse_int=double, parse_float=double), sort_keys=True)


@settings(deadline=None, max_examples=100)
@given(VALUES)
def test_a_literal_is_the_value_itself(value: Any) -> None:
    assert doubles(run(literal(value))) == doubles(value)


@settings(deadline=None, max_examples=100)
@given(NASTY, NASTY)
def test_text_and_names_of_fields_survive(name: str, text: str) -> None:
    written = "<" & states.input[name] & ">" & text
    assert run(written, states={"input": {name: text}}) == f"<{text}>{text}"


@settings(deadline=None, max_examples=100)
@given(NASTY)
def test_a_constant_is_the_value_itself(text: str) -> None:
    value = constant({"key": [text]})["key"][0]
    runs = value.startswith("{%") or value.endswith("%}")
    assert (run(value) if runs else value) == text


def pairs(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    operators = st.sampled_from([operator.add, operator.sub, operator.mul])
    return st.tuples(operators, inner, inner).map(lambda p: (p[0](p[1][0], p[2][0]), p[0](p[1][1], p[2][1])))


@settings(deadline=None, max_examples=100)
@given(st.recursive(st.integers(-9, 9).map(lambda n: (literal(n), n)), pairs, max_leaves=8))
def test_parentheses_stand_where_they_are_needed(pair: tuple[Expression, int]) -> None:
    expression, value = pair
    assert run(expression) == value


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (states.input.name, "$states.input.name"),
        (states.input["a b"].c, "$states.input.`a b`.c"),
        (states.input["and"], "$states.input.`and`"),
        (states.input["a`b"], "$lookup($states.input, 'a`b')"),
        (states.result[0].id, "($states.result)[0].id"),
        (var("rows")[-1], "$rows[-1]"),
        (var("rows")[this.n > 3], "$rows[$.n > 3]"),
        ("a/" & var("x") & "/" & var("y"), "'a/' & $x & '/' & $y"),
        (var("x") & (var("y") & "b"), "$x & ($y & 'b')"),
        ((var("n") + 1) * 2, "($n + 1) * 2"),
        (1 - (var("n") - 1), "1 - ($n - 1)"),
        (-(var("n") + 1), "-($n + 1)"),
        (10 % var("n") / 2, "10 % $n / 2"),
        (var("n") + 1 == 4, "$n + 1 = 4"),
        (var("n") != None, "$n != null"),  # noqa: E711
        (and_(var("a") > 1, or_(var("b") <= 2, not_(var("c")))), "$a > 1 and ($b <= 2 or $not($c))"),
        (in_("x", var("names")), "'x' in $names"),
        (
            if_(var("n") >= 1, if_(var("m") < 1, 1, 2), "c" & var("d")),
            "$n >= 1 ? ($m < 1 ? 1 : 2) : 'c' & $d",
        ),
        (interval(0, var("n") - 1), "[0..$n - 1]"),
        (each(states.result, this.a & "/" & this.b), "[$states.result.($.a & '/' & $.b)]"),
        (call("join", each(var("xs"), this.id), ","), "$join([$xs.($.id)], ',')"),
        (literal({"a": [var("x"), None, True, "it's"]}), "{'a': [$x, null, true, 'it\\u0027s']}"),
        (raw("$a ? 1 : 2") & "!", "($a ? 1 : 2) & '!'"),
    ],
)
def test_expressions_read_as_one_would_write_them(expression: Expression, text: str) -> None:
    assert str(expression) == f"{{% {text} %}}"
    assert problem(text) is None


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (call("join", each(var("rows"), this.step & "/" & this.task), ","), "a/1,b/2"),
        (each(var("rows")[this.step == "b"], this.task), [2]),
        (var("rows")[-1].task, 2),
        (interval(1, call("count", var("rows"))), [1, 2]),
        (interval(1, 0), []),
        (if_(in_("a", each(var("rows"), this.step)), "yes", "no"), "yes"),
        (and_(var("rows")[0].task == 1, not_(var("rows")[0].step == "b")), True),
    ],
)
def test_expressions_mean_what_they_say(expression: Expression, value: Any) -> None:
    assert run(expression, rows=[{"step": "a", "task": 1}, {"step": "b", "task": 2}]) == value


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: f"a/{states.input.x}", TypeError, "join text with &"),
        (lambda: "a" + states.input.x, TypeError, "join text with &"),
        (lambda: states.input.a == 1 and states.input.b == 2, TypeError, "combine with and_"),
        (lambda: list(states.input.items), TypeError, "use each"),
        (lambda: states.input._hidden, AttributeError, "write expression"),
        (lambda: literal(float("nan")), ValueError, "cannot hold nan"),
        (lambda: literal(2**53 + 1), ValueError, "pass it as text"),
        (lambda: literal({1, 2}), TypeError, "set is not a JSON value"),
        (lambda: var("no spaces"), ValueError, "cannot be a variable"),
        (lambda: call("eval", "1"), ValueError, "no function 'eval'"),
        (lambda: raw("$a.("), ValueError, "is not closed"),
    ],
)
def test_what_would_go_wrong_later_is_refused(
    build: Callable[[], object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        build()


def test_a_state_takes_expressions_anywhere() -> None:
    state = Pass("p", assign={"n": states.input.n + 1}, output=[{"deep": (var("n"),)}])
    assert state.to_dict() == {
        "Type": "Pass",
        "Assign": {"n": "{% $states.input.n + 1 %}"},
        "Output": [{"deep": ["{% $n %}"]}],
    }


def test_constants_stay_text_where_text_would_run() -> None:
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "p",
        "States": {
            "p": {"Type": "Pass", "Output": constant({"a": "{% $gone %}", "b": "plain"}), "End": True}
        },
    }
    assert definition["States"]["p"]["Output"]["b"] == "plain"  # type: ignore[index]
    assert check(definition) == []
