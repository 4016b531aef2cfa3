"""A real evaluator of JSONata, with the function that Step Functions adds and machines of ours call."""

from __future__ import annotations

import json
from typing import Any

import jsonata


def evaluate(code: str, **variables: Any) -> Any:
    """The value of JSONata source, given without `{%` and `%}`."""
    expression = jsonata.Jsonata(code)
    expression.register_lambda("parse", json.loads)
    frame = expression.create_frame()
    for name, value in variables.items():
        frame.bind(name, value)
    return expression.evaluate(None, frame)
