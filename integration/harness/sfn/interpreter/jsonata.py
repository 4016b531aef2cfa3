"""JSONata: moto reads it and has nothing that evaluates it.

https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

import hashlib
import json
import random
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from jsonata import Jsonata, jexception, utils
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.string.string_expression import (
    StringJSONata,
    StringVariableSample,
)
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from integration.harness.sfn.interpreter.failures import failure
from integration.harness.sfn.interpreter.replacing import replaces


class Undefined(Exception):
    """The expression has no value: a field of nothing, a variable that was never assigned."""


@replaces(StringVariableSample)
@replaces(StringJSONata)
def _eval_body(self: Any, env: Any) -> None:
    """Gap: no evaluator, and values pasted into the text of the expression, strings without escapes."""
    env.stack.append(evaluate_in(env, self.expression))


def evaluate_in(env: Any, expression: str) -> Any:
    """The value of an expression with the variables and `$states` of a state at work.

    Raises:
        FailureEventException: States.QueryEvaluationError, recorded in the history.
    """
    try:
        return evaluate(expression, {**_variables(env), "states": _states(env, expression)})
    except Undefined:
        cause = f"The JSONata expression '{expression}' returned nothing (undefined)."
    except (jexception.JException, ArithmeticError, LookupError, TypeError, ValueError) as error:
        cause = f"The JSONata expression '{expression}' threw an error during evaluation. {error}"
    raise failure(
        env,
        "States.QueryEvaluationError",
        cause,
        HistoryEventType.EvaluationFailed,
        state=env.next_state_name,
    )


def evaluate(expression: str, variables: Mapping[str, Any]) -> Any:
    """The value of an expression as JSON has it; whole numbers are integers.

    Raises:
        Undefined: it has none.
        JException: it is no JSONata, or fails.

    Example:
        evaluate("$n + 1", {"n": 1})
    """
    program = Jsonata(expression)
    program.set_output_convert_nulls(False)
    for name, function in FUNCTIONS.items():
        program.register_lambda(name, function)
    for name, value in variables.items():
        program.assign(name, utils.Utils.NULL_VALUE if value is None else value)
    result = program.evaluate(None)
    if result is None:
        raise Undefined(expression)
    text = json.dumps(utils.Utils.convert_nulls(result))
    return json.loads(text, parse_float=_number)


def _number(text: str) -> int | float:
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _variables(env: Any) -> dict[str, Any]:
    store = env.variable_store
    return {**store._outer_scope, **store._inner_scope}


def _states(env: Any, expression: str) -> dict[str, Any]:
    states = {name: value for name, value in env.states._states_data.items() if name != "context"}
    if "context" in expression:  # it holds times, which JSON has not
        states["context"] = json.loads(to_json_str(env.states._states_data["context"]))
    return states


# --- the functions that Step Functions adds to JSONata


def _partition(items: list[Any], size: float) -> list[list[Any]]:
    return [items[first : first + int(size)] for first in range(0, len(items), int(size))]


def _range(first: float, last: float, step: float) -> list[int]:
    return list(range(int(first), int(last) + (1 if step > 0 else -1), int(step)))


def _hash(value: str, algorithm: str = "SHA-256") -> str:
    return hashlib.new(algorithm.replace("-", ""), value.encode()).hexdigest()


def _random(seed: float | None = None) -> float:
    return random.Random(seed).random()


def _eval(*_: Any) -> Any:
    raise ValueError("$eval is not supported by Step Functions")


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "partition": _partition,
    "range": _range,
    "hash": _hash,
    "random": _random,
    "uuid": lambda: str(uuid.uuid4()),
    "parse": json.loads,
    "eval": _eval,
}
