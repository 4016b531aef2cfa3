from __future__ import annotations

import pytest

from sfn.asl.jsonata import free_variables, members_of_states, problem, reads_whole_context
from tests.sfn.asl.evaluator import evaluate

GOOD = [
    "1",
    "$states.input.a.b[0].`odd name`",
    "$states.input.*.**.a.%.and",
    "and and or or in",
    "'it\\\\s' & \"a 'b' \\\" c\"",
    "/* a ( comment */ $x",
    "$x[$.a > 1 and b in ['c', 'd']].{'k': v}",
    "$states.input.items^(>price, <name)[[0..2]]",
    "($n := $count($x); $m := -$n; $n * $m;)",
    "$map($x, function($v, $i, $a) { $v & $i })",
    "function($x)<n-:n>{ $x + 1 }(2)",
    "λ($x){ $x * 2 }(4)",
    "$substringAfter(?, 'a')('bab')",
    "$x ~> $uppercase() ~> $trim",
    "$x ~> |rows|{'a': b + 1}, ['c', 'd']| ~> $keys",
    "$match('a/b(c', /\\/[a-z]\\(/i)",
    "10 / 2 / $x",
    "$a ? $b ? 1 : 2 : 3",
    "$x@$l.books#$i[title = $l.title].{'i': $i}",
    "{}",
    "[]",
    "()",
    "[1..$count($x)]",
    "$x{name: $sum(price)}",
]


@pytest.mark.parametrize("code", GOOD)
def test_jsonata_is_left_alone(code: str) -> None:
    evaluate(code)
    assert problem(code) is None


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("", "the expression is empty"),
        ("  /* nothing */ ", "the expression is empty"),
        ("$states.input.(", "'(' is not closed"),
        ("$f($x", "'(' is not closed"),
        ("[1, 2}", "'[' is closed by '}'"),
        ("$x)", "')' closes nothing"),
        ("'abc", '"\'abc" is not closed'),
        ("`abc", "'`abc' is not closed"),
        ("$x /* abc", "'/* abc' is not closed"),
        ("$x &", "it stops after '&'"),
        ("$states.input.", "it stops after '.'"),
        ("& $x", "nothing before '&'"),
        ("$x & & $y", "nothing before '&'"),
        ("($x + )", "nothing between '+' and ')'"),
        ("[1, ]", "nothing between ',' and ']'"),
        ("$x $y", "nothing between '$x' and '$y'"),
        ("$x 'a'", "nothing between '$x' and ''a''"),
        ("$x ~> |a|{'b': 1}", "'|' is not closed"),
        ("$x | $y", "'|' closes nothing"),
    ],
)
def test_what_is_not_jsonata_is_said(code: str, why: str) -> None:
    with pytest.raises(Exception, match=r"."):
        evaluate(code)
    assert problem(code) == why


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("$a & $b.c & $a", ("a", "b")),
        ("$states.input.x", ()),
        ("$sum($prices.amount)", ("prices",)),
        ("$map($rows, $string)", ("rows",)),
        ("($n := $m; $n + 1)", ("m",)),
        ("$map($rows, function($row, $i) { $row & $i & $other })", ("rows", "other")),
        ("$rows@$row.cells#$i.{'r': $row, 'i': $i}", ("rows",)),
        ("'$x' & \"$y\" & `$z` /* $c */", ()),
        ("$.a & $$.b", ()),
    ],
)
def test_variables_that_come_from_outside(code: str, names: tuple[str, ...]) -> None:
    assert free_variables(code) == names


def test_members_of_states() -> None:
    assert members_of_states("$states.input.a & $states.`context`.b & $x.states.c") == ("input", "context")


@pytest.mark.parametrize(
    ("code", "read"),
    [
        ("$", "$"),
        ("$.a", "$"),
        ("$$.a & 'b'", "$$"),
        ("name", "name"),
        ("$x & name.first", "name"),
        ("$states.input.name", None),
        ("$x[name = 'a'].(first & $.last)", None),
        ("true and $x in $y", None),
        ("function($x){ a }", None),
    ],
)
def test_fields_of_nothing(code: str, read: str | None) -> None:
    assert reads_whole_context(code) == read
