"""A real evaluator of JSONata."""

from __future__ import annotations

from typing import Any

import jsonata


def evaluate(code: str, **variables: Any) -> Any:
    """The value of JSONata source, given without `{%` and `%}`."""
    expression = jsonata.Jsonata(code)
    frame = expression.create_frame()
    for name, value in variables.items():
        frame.bind(name, value)
    return expression.evaluate(None, frame)
