"""ItemBatcher: several items of a Distributed Map for one child execution.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html
"""

from __future__ import annotations

import json
from typing import Any

from moto.stepfunctions.parser.asl.utils.json_path import extract_json

from integration.harness.sfn.interpreter.jsonata import evaluate_in

Inputs = list[tuple[Any, int]]
NO_LIMIT = 10**9


def batches(component: Any, env: Any, items: list[Any]) -> Inputs:
    """The input of each child execution and the number of items in it.

    Example: three items with MaxItemsPerBatch 2 are
        [({"Items": [0, 1]}, 2), ({"Items": [2]}, 1)]
    """
    batcher = component.map_fields.batcher
    if batcher is None:
        return [(item, 1) for item in items]
    most = int(_value(batcher, "MaxItemsPerBatch", env, NO_LIMIT))
    most_bytes = int(_value(batcher, "MaxInputBytesPerBatch", env, NO_LIMIT))
    common = {"BatchInput": _evaluated(batcher["BatchInput"], env)} if "BatchInput" in batcher else {}
    made: list[list[Any]] = []
    for item in items:
        last = made[-1] if made else None
        if last is None or len(last) == most or _bytes({**common, "Items": [*last, item]}) > most_bytes:
            made.append([item])
        else:
            last.append(item)
    return [({**common, "Items": batch}, len(batch)) for batch in made]


def _bytes(value: object) -> int:
    return len(json.dumps(value, separators=(",", ":")).encode())


def _value(batcher: dict[str, Any], name: str, env: Any, default: int) -> Any:
    if f"{name}Path" in batcher:
        return extract_json(batcher[f"{name}Path"], env.states.get_input())
    return _evaluated(batcher.get(name, default), env)


def _evaluated(value: Any, env: Any) -> Any:
    """A template with its JSONata, and its JSONPath in keys that end with `.$`, replaced by values."""
    if isinstance(value, dict):
        return dict(_entry(key, inner, env) for key, inner in value.items())
    if isinstance(value, list):
        return [_evaluated(inner, env) for inner in value]
    if isinstance(value, str) and value.startswith("{%") and value.endswith("%}"):
        return evaluate_in(env, value[2:-2].strip())
    return value


def _entry(key: str, value: Any, env: Any) -> tuple[str, Any]:
    if key.endswith(".$"):
        return key[:-2], extract_json(value, env.states.get_input())
    return key, _evaluated(value, env)
