"""JSONPath as Step Functions reads it, for paths that name one place."""

from __future__ import annotations

import re
from typing import Any

from moto.stepfunctions.parser.asl.utils import json_path
from moto.stepfunctions.parser.asl.utils.json_path import NoSuchJsonPathError

from integration.harness.sfn.interpreter.replacing import replaces

QUOTED = r"""'((?:[^'\\]|\\.)*)'"""
STEP = re.compile(rf"""\.?\[\s*{QUOTED}\s*\] | \.?\[\s*(-?\d+)\s*\] | \.([^.\[\]\s*?@()',:"]+)""", re.VERBOSE)
SEVERAL = re.compile(rf"(.*?)\.?\[\s*({QUOTED}(?:\s*,\s*{QUOTED})+)\s*\]")

_many_places = json_path.extract_json


@replaces(json_path)
def extract_json(path: str, data: Any) -> Any:
    """Gap: `$.[0].x` gives a list of one, and `$['a','b']` one of the two values instead of an object."""
    if several := SEVERAL.fullmatch(path):
        place = extract_json(several[1], data)
        if not isinstance(place, dict):
            raise NoSuchJsonPathError(json_path=path, data=data)
        wanted = [found[0] for found in re.finditer(QUOTED, several[2])]
        return {name[1:-1]: place[name[1:-1]] for name in wanted if name[1:-1] in place}
    steps = _steps(path)
    if steps is None:
        return _many_places(path, data)
    try:
        for step in steps:
            if isinstance(data, dict) == isinstance(step, int):
                raise KeyError(step)
            data = data[step]
    except (KeyError, IndexError, TypeError):
        raise NoSuchJsonPathError(json_path=path, data=data) from None
    return data


def _steps(path: str) -> list[str | int] | None:
    """The keys and indexes of a path without wildcards, slices and filters."""
    if not path.startswith("$"):
        return None
    steps: list[str | int] = []
    position = 1
    while position < len(path):
        match = STEP.match(path, position)
        if match is None:
            return None
        key, index, name = match.groups()
        steps.append(int(index) if index is not None else name if key is None else key)
        position = match.end()
    return steps
