"""Rules of Choice states, above all the comparisons of JSONPath ones.

https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..finding import Finding
from ..jsonpath import path_problem
from ..machine import JSONATA, StateMachine
from ..place import places
from ..states import Choice
from .fields import is_timestamp

_ORDERS = ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals")
_ORDERED = {"String": "text", "Numeric": "a number", "Timestamp": "a time"}
_TESTS = ("Null", "Present", "Numeric", "String", "Boolean", "Timestamp")
COMPARISONS: dict[str, str] = {
    **{f"{kind}{order}": what for kind, what in _ORDERED.items() for order in _ORDERS},
    "BooleanEquals": "true or false",
    "StringMatches": "text",
    **{f"Is{what}": "true or false" for what in _TESTS},
}
# Each comparison with a fixed value, but the tests of a type, can be made with a path too.
PATH_COMPARISONS = frozenset(
    f"{name}Path" for name in COMPARISONS if not name.startswith("Is") and name != "StringMatches"
)
COMBINATIONS = ("And", "Or")


def findings(machine: StateMachine) -> Iterator[Finding]:
    """Everything about choice rules."""
    for place in places(machine):
        if not isinstance(place.state, Choice):
            continue
        for index, rule in enumerate(place.state.choices or ()):
            at = f"Choices[{index}]"
            if place.language == JSONATA:
                problems = [f"{at}.Condition is missing"] if rule.condition is None else []
            else:
                problems = list(_comparison(rule.extra, at))
            for problem in problems:
                yield Finding(place.state.name, "choice-rule", problem)


def _comparison(rule: Any, at: str) -> Iterator[str]:
    """What is wrong with a JSONPath rule, or with one inside And, Or and Not."""
    if not isinstance(rule, Mapping):
        yield f"{at} is no object"
        return
    operators = [name for name in rule if name in (*COMPARISONS, *PATH_COMPARISONS, *COMBINATIONS, "Not")]
    unknown = [name for name in rule if name not in operators and name not in ("Variable", "Comment")]
    if unknown:
        yield f"{at}.{unknown[0]} is no comparison" + (
            " (Next belongs to the outermost rule)" if unknown[0] == "Next" else ""
        )
    elif len(operators) != 1:
        yield f"{at} has {' and '.join(operators) or 'no comparison'}; it has to have exactly one"
    else:
        yield from _operator(rule, operators[0], at)


def _operator(rule: Mapping[str, Any], operator: str, at: str) -> Iterator[str]:
    value = rule[operator]
    if operator == "Not":
        yield from _comparison(value, f"{at}.Not")
    elif operator in COMBINATIONS:
        if not isinstance(value, list) or not value:
            yield f"{at}.{operator} has to be a list of rules, not empty"
        else:
            for index, inner in enumerate(value):
                yield from _comparison(inner, f"{at}.{operator}[{index}]")
    else:
        yield from _operands(rule.get("Variable"), operator, value, at)


def _operands(variable: Any, operator: str, value: Any, at: str) -> Iterator[str]:
    if not isinstance(variable, str):
        yield f"{at}.Variable is missing"
    elif problem := path_problem(variable):
        yield f"{at}.Variable: {problem}"
    if operator in PATH_COMPARISONS:
        problem = path_problem(value) if isinstance(value, str) else "it is no path"
        if problem:
            yield f"{at}.{operator}: {problem}"
    elif not _is(COMPARISONS[operator], value):
        yield f"{at}.{operator} is {value!r}; it has to be {COMPARISONS[operator]}"


def _is(what: str, value: Any) -> bool:
    if what == "text":
        return isinstance(value, str)
    if what == "a time":
        return is_timestamp(value)
    if what == "a number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, bool)
