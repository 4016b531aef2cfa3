"""What is different in a job definition from the one that a step has had.

A definition's name is the digest of its content, so that a changed one is a new one to Batch.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..asl import StateMachine, Task

# Batch adds them to what was registered.
_ADDED = ("jobDefinitionName", "jobDefinitionArn", "revision", "status", "containerOrchestrationType")

# Variables of every container: where the code package is, and its digest.
_PACKAGE = ("METAFLOW_CODE_URL", "METAFLOW_CODE_SHA")
_DIGITS = 12


def job_of_state(machine: StateMachine) -> dict[str, str]:
    """Which job definition the states of a machine name, by state."""
    tasks = (state for state in machine.walk() if isinstance(state, Task))
    named = {task.name: (task.arguments or {}).get("JobDefinition") for task in tasks}
    return {state: job for state, job in named.items() if isinstance(job, str)}


def fields(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Every value of a job definition by its path, variables by their names, JSON in them taken apart.

    What Batch adds is left out, and so are empty values, some of which it drops and some of which it adds.
    Conditions of retries it writes in small letters.

    Example:
        >>> fields({"containerProperties": {"image": "a", "environment": [{"name": "X", "value": "1"}]}})
        {'containerProperties.image': 'a', 'containerProperties.environment.X': '1'}
    """
    given = {key: value for key, value in definition.items() if key not in _ADDED}
    found = {path: value.lower() if "evaluateOnExit" in path else value for path, value in _leaves(given, "")}
    packages = {path.rpartition(".")[2]: path for path in found if path.endswith(_PACKAGE)}
    if len(packages) < len(_PACKAGE):
        return found
    # An address and a digest, which stand in the command too: one line says that the code is another.
    texts = [found.pop(packages[name]) for name in _PACKAGE]
    shortened = {path: _without(value, texts) for path, value in found.items()}
    return {**shortened, "code package": texts[1][:_DIGITS]}


def _without(value: Any, texts: list[str]) -> Any:
    for text in texts if isinstance(value, str) else ():
        value = value.replace(text, "...")
    return value


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    value = _parsed(value)
    if isinstance(value, list):
        value = {_name(item, index): _value(item) for index, item in enumerate(value)}
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else key)
    elif value not in ("", None):
        yield path, value


def _parsed(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("{"):
        try:
            return json.loads(value)
        except ValueError:
            pass
    return value


def _name(item: Any, index: int) -> str:
    """What tells an item of a list from the others: its name or type, or its place."""
    named = isinstance(item, Mapping) and (item.get("name") or item.get("type"))
    return str(named or index)


def _value(item: Any) -> Any:
    return item["value"] if isinstance(item, Mapping) and "value" in item else item
