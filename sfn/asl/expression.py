"""JSONata expressions built from Python, in which quoting cannot go wrong.

Start from `states` (`states.input`, `states.result`, `states.context`), a variable (`var("run")`) or a
value (`literal("text")`); go on with fields, `[...]` and operators; pass plain Python values anywhere. A
state takes the expression itself, and writes it as `{% ... %}`.

    >>> str("runs/" & var("run") & "/" & states.input["odd name"])
    "{% 'runs/' & $run & '/' & $states.input.`odd name` %}"

`&` joins text, `+ - * / %` calculate, `== != < <= > >=` compare, as in JSONata.
https://docs.jsonata.org/overview, https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from . import jsonata

# How tightly JSONata binds; a part that binds less than its place asks for gets parentheses.
_ATOM, _PATH, _SIGN, _TIMES, _PLUS, _COMPARE, _AND, _OR, _LOOSE = 90, 75, 70, 60, 50, 40, 30, 25, 0

_BARE_FIELD = re.compile(r"(?!(?:and|or|in|true|false|null|function)$)[A-Za-z_][A-Za-z0-9_]*")
_ESCAPES = {code: f"\\u{code:04x}" for code in (*range(32), 127, ord("'"))}
_ESCAPES |= {ord(c): e for c, e in {"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"}.items()}
_EXACT_INTEGERS = 2**53


@dataclass(frozen=True, eq=False, repr=False)
class Expression:
    """A JSONata expression; `str()` gives it as a definition holds it.

    It has no public attributes of its own, so that `e.anything` is the field `anything`. `e["any name"]` is
    a field too, `e[0]` an item (`e[-1]` the last), `e[condition]` the items for which the condition holds,
    in which `this` is the item.

    Example:
        >>> str(states.result[0].Status == "SUCCEEDED")
        "{% ($states.result)[0].Status = 'SUCCEEDED' %}"
    """

    _code: str
    _binds: int = _ATOM

    def __str__(self) -> str:
        return f"{{% {self._code} %}}"

    def __repr__(self) -> str:
        return f"Expression({self._code})"

    def __getattr__(self, name: str) -> Expression:
        if name.startswith("_"):
            raise AttributeError(f"{name!r}: write expression[{name!r}] for the field of that name")
        return self[name]

    def __getitem__(self, key: str | int | Expression) -> Expression:
        if isinstance(key, str):
            return _field(self, key)
        # Without parentheses JSONata would index each step's result, not the whole.
        return Expression(f"{_inside(self, _ATOM)}[{_inside(key, _LOOSE)}]", _PATH)

    def __and__(self, other: Any) -> Expression:
        return _infix(self, "&", other, _PLUS)

    def __rand__(self, other: Any) -> Expression:
        return _infix(other, "&", self, _PLUS)

    def __add__(self, other: Any) -> Expression:
        return _arithmetic(self, "+", other, _PLUS)

    def __radd__(self, other: Any) -> Expression:
        return _arithmetic(other, "+", self, _PLUS)

    def __sub__(self, other: Any) -> Expression:
        return _arithmetic(self, "-", other, _PLUS)

    def __rsub__(self, other: Any) -> Expression:
        return _arithmetic(other, "-", self, _PLUS)

    def __mul__(self, other: Any) -> Expression:
        return _arithmetic(self, "*", other, _TIMES)

    def __rmul__(self, other: Any) -> Expression:
        return _arithmetic(other, "*", self, _TIMES)

    def __truediv__(self, other: Any) -> Expression:
        return _arithmetic(self, "/", other, _TIMES)

    def __rtruediv__(self, other: Any) -> Expression:
        return _arithmetic(other, "/", self, _TIMES)

    def __mod__(self, other: Any) -> Expression:
        return _arithmetic(self, "%", other, _TIMES)

    def __rmod__(self, other: Any) -> Expression:
        return _arithmetic(other, "%", self, _TIMES)

    def __neg__(self) -> Expression:
        return Expression(f"-{_inside(self, _PATH)}", _SIGN)

    def __eq__(self, other: object) -> Expression:  # type: ignore[override]
        return _infix(self, "=", other, _COMPARE)

    def __ne__(self, other: object) -> Expression:  # type: ignore[override]
        return _infix(self, "!=", other, _COMPARE)

    def __lt__(self, other: Any) -> Expression:
        return _infix(self, "<", other, _COMPARE)

    def __le__(self, other: Any) -> Expression:
        return _infix(self, "<=", other, _COMPARE)

    def __gt__(self, other: Any) -> Expression:
        return _infix(self, ">", other, _COMPARE)

    def __ge__(self, other: Any) -> Expression:
        return _infix(self, ">=", other, _COMPARE)

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> NoReturn:
        raise TypeError(f"{self!r} is true or false only when it runs; combine with and_, or_, not_ or if_")

    def __iter__(self) -> Iterator[Any]:
        raise TypeError(f"{self!r} is a list only when it runs; use each(), or a Map state")

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError(f"{self!r} in a formatted string would not run; join text with &")


def literal(value: Any) -> Expression:
    """A value as JSONata writes it. Expressions may be anywhere in its lists and objects.

    Raises:
        ValueError: NaN, infinity, or an integer beyond 2**53, which JSONata's numbers cannot hold.
        TypeError: not a JSON value.

    Example:
        >>> str(literal({"it is": [1, states.input.n]}))
        "{% {'it is': [1, $states.input.n]} %}"
    """
    if isinstance(value, Expression):
        return value
    if value is None or isinstance(value, bool):
        return Expression({None: "null", True: "true", False: "false"}[value])
    if isinstance(value, (int, float)):
        return _number(value)
    if isinstance(value, str):
        return Expression(_quoted(value))
    if isinstance(value, Mapping):
        pairs = (f"{_quoted(key)}: {_inside(item, _LOOSE)}" for key, item in value.items())
        return Expression(f"{{{', '.join(pairs)}}}")
    if isinstance(value, (list, tuple)):
        return Expression(f"[{', '.join(_inside(item, _LOOSE) for item in value)}]")
    raise TypeError(f"{type(value).__name__} is not a JSON value: {value!r}")


def constant(value: Any) -> Any:
    r"""A JSON value that a JSONata state takes as it is, even where its text looks like an expression.

    Use it for values from outside: a string `{% ... %}` in a payload would be run.

    Example:
        >>> print(constant("{% $x %}"))
        {% '{\u0025 $x \u0025}' %}
    """
    if isinstance(value, str):
        return str(literal(value)) if value.startswith("{%") or value.endswith("%}") else value
    if isinstance(value, Mapping):
        return {key: constant(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [constant(item) for item in value]
    return value


def var(name: str) -> Expression:
    """The variable of that name, which a state before has assigned.

    Raises:
        ValueError: the name is not that of a variable.

    Example:
        >>> str(var("run"))
        '{% $run %}'
    """
    if not jsonata.is_variable_name(name):
        raise ValueError(f"{name!r} cannot be a variable: letters, digits and _, at most 80, no digit first")
    return Expression(f"${name}")


def call(function: str, *arguments: Any) -> Expression:
    """A function of JSONata or of AWS (`partition range hash random uuid parse`).

    Raises:
        ValueError: there is no such function.

    Example:
        >>> str(call("join", states.input.ids, ","))
        "{% $join($states.input.ids, ',') %}"
    """
    if function not in jsonata.FUNCTIONS:
        raise ValueError(f"JSONata in Step Functions has no function {function!r}")
    return Expression(f"${function}({', '.join(_inside(argument, _LOOSE) for argument in arguments)})")


def if_(condition: Any, then: Any, otherwise: Any) -> Expression:
    """One value or the other.

    Example:
        >>> str(if_(states.input.n > 0, "some", "none"))
        "{% $states.input.n > 0 ? 'some' : 'none' %}"
    """
    parts = [_inside(part, _OR) for part in (condition, then, otherwise)]
    return Expression("{} ? {} : {}".format(*parts), _LOOSE)


def and_(first: Any, *others: Any) -> Expression:
    """Whether all conditions hold."""
    return _joined("and", (first, *others), _AND)


def or_(first: Any, *others: Any) -> Expression:
    """Whether one of the conditions holds."""
    return _joined("or", (first, *others), _OR)


def not_(condition: Any) -> Expression:
    """Whether the condition does not hold."""
    return call("not", condition)


def in_(value: Any, array: Any) -> Expression:
    """Whether the array holds the value."""
    return _infix(value, "in", array, _COMPARE)


def interval(first: Any, last: Any) -> Expression:
    """The whole numbers from the first to the last; none when the last is the smaller one.

    Example:
        >>> str(interval(0, states.input.n - 1))
        '{% [0..$states.input.n - 1] %}'
    """
    return Expression(f"[{_inside(first, _OR)}..{_inside(last, _OR)}]")


def each(array: Any, value: Any) -> Expression:
    """A list with the value made from each item; in it, `this` is the item.

    Example:
        >>> str(each(states.result, this.step & "/" & this.task))
        "{% [$states.result.($.step & '/' & $.task)] %}"
    """
    return Expression(f"[{_inside(array, _PATH)}.({_inside(value, _LOOSE)})]")


def raw(code: str) -> Expression:
    """JSONata as you wrote it, put in parentheses wherever it is combined.

    Raises:
        ValueError: a string or a bracket is left open, or the like.

    Example:
        >>> str(raw("$states.input.items^(>price)") & "!")
        "{% ($states.input.items^(>price)) & '!' %}"
    """
    problem = jsonata.problem(code)
    if problem is not None:
        raise ValueError(f"Not JSONata: {problem}: {code}")
    return Expression(code, _LOOSE)


states = Expression("$states")
"""What Step Functions tells a state: `input`, `result`, `errorOutput` (in a Catch) and `context`."""

this = Expression("$")
"""The item at hand, inside `each()` and inside the brackets of `array[condition]`."""


def _infix(left: Any, operator: str, right: Any, binds: int) -> Expression:
    # JSONata groups from the left: only the right side needs to bind tighter than the operator itself.
    return Expression(f"{_inside(left, binds)} {operator} {_inside(right, binds + 1)}", binds)


def _arithmetic(left: Any, operator: str, right: Any, binds: int) -> Expression:
    if isinstance(left, str) or isinstance(right, str):
        raise TypeError(f"JSONata's {operator} is for numbers; join text with &")
    return _infix(left, operator, right, binds)


def _joined(operator: str, conditions: tuple[Any, ...], binds: int) -> Expression:
    result = literal(conditions[0])
    for condition in conditions[1:]:
        result = _infix(result, operator, condition, binds)
    return result


def _inside(value: Any, binds: int) -> str:
    """The code of a value, in parentheses when it binds less than its place asks for."""
    expression = literal(value)
    return expression._code if expression._binds >= binds else f"({expression._code})"


def _field(owner: Expression, name: str) -> Expression:
    if _BARE_FIELD.fullmatch(name):
        return Expression(f"{_inside(owner, _PATH)}.{name}", _PATH)
    if name and not re.search(r"`|\{%|%\}", name):
        return Expression(f"{_inside(owner, _PATH)}.`{name}`", _PATH)
    return call("lookup", owner, name)


def _number(value: float) -> Expression:
    if not math.isfinite(value) or (isinstance(value, int) and abs(value) > _EXACT_INTEGERS):
        raise ValueError(f"JSONata's numbers cannot hold {value}; pass it as text")
    text = repr(value)
    return Expression(text, _ATOM if value >= 0 and not text.startswith("-") else _SIGN)


def _quoted(text: str) -> str:
    # Neither end of the {% %} around an expression may appear in it.
    escaped = text.translate(_ESCAPES).replace("{%", "{\\u0025").replace("%}", "\\u0025}")
    return f"'{escaped}'"
