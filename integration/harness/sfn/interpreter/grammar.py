"""Fields of Map states that moto's grammar does not know: taken out before it reads, put back after."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.state.exec.state_map.state_map import StateMap
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from integration.harness.sfn.interpreter.replacing import replaces

_parse = AmazonStateLanguageParser.parse
_from_state_props = StateMap.from_state_props
_reading = threading.Lock()  # moto's reader keeps the state of one definition at a time
_of_this_definition: dict[str, MapFields] = {}


@dataclass(frozen=True)
class MapFields:
    """What a Map state says in fields that moto does not know.

    Args:
        batcher: ItemBatcher.
        lines: ItemReader's InputType is JSONL.
        pointer: ItemReader's ItemsPointer.
        writer: ResultWriter's WriterConfig.
    """

    batcher: dict[str, Any] | None = None
    lines: bool = False
    pointer: str = ""
    writer: dict[str, Any] | None = None


@replaces(AmazonStateLanguageParser)
def parse(definition: str) -> tuple[Any, Any]:
    """Gap: no ItemBatcher, JSONL, ItemsPointer, WriterConfig; a definition is read again at each start."""
    return _program(definition)


@lru_cache(maxsize=64)
def _program(definition: str) -> tuple[Any, Any]:
    document = json.loads(definition)
    with _reading:
        _of_this_definition.clear()
        for name, state in _map_states(document):
            _of_this_definition[name] = _take_out(state)
        return _parse(json.dumps(document))


def _map_states(machine: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    states = machine.get("States") if isinstance(machine, dict) else None
    for name, state in (states if isinstance(states, dict) else {}).items():
        if not isinstance(state, dict):
            continue
        if state.get("Type") == "Map":
            yield name, state
        branches = state.get("Branches")
        inner = [*(branches if isinstance(branches, list) else []), state.get("ItemProcessor")]
        for part in [*inner, state.get("Iterator")]:
            yield from _map_states(part)


def _take_out(state: dict[str, Any]) -> MapFields:
    config = (state.get("ItemReader") or {}).get("ReaderConfig") or {}
    lines = config.get("InputType") == "JSONL"
    if lines:
        config["InputType"] = "JSON"
    writer = state.get("ResultWriter") or {}
    fields = MapFields(
        batcher=state.pop("ItemBatcher", None),
        lines=lines,
        pointer=config.pop("ItemsPointer", ""),
        writer=writer.pop("WriterConfig", None),
    )
    if not writer:
        state.pop("ResultWriter", None)
    # A percentage is a float in moto's grammar, and a whole number in everybody's definitions.
    if isinstance(state.get("ToleratedFailurePercentage"), int):
        state["ToleratedFailurePercentage"] = float(state["ToleratedFailurePercentage"])
    return fields


@replaces(StateMap)
def from_state_props(self: Any, state_props: Any) -> None:
    """Gap: as above."""
    _from_state_props(self, state_props)
    fields = _of_this_definition[self.name]
    self.iteration_component.map_fields = fields
    self.iteration_component.exports = self.result_writer is not None
    if self.result_writer is not None:
        self.result_writer.resource_eval.writer = fields.writer or {}
    if self.item_reader is not None and (fields.lines or fields.pointer):
        self.item_reader.resource_output_transformer = JsonItems(fields)


class JsonItems(EvalComponent):
    """The items of an object in S3: one a line, or an array somewhere in a document."""

    def __init__(self, fields: MapFields) -> None:
        self._fields = fields

    def _eval_body(self, env: Any) -> None:
        config = env.stack.pop()
        text = env.stack.pop()
        if self._fields.lines:
            items = [json.loads(line) for line in text.splitlines() if line.strip()]
        else:
            items = _pointed(json.loads(text), self._fields.pointer)
        env.stack.append(items[: config["MaxItemsValue"]])


def _pointed(document: Any, pointer: str) -> Any:
    """The value at a JSON pointer (RFC 6901)."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        document = document[int(key) if isinstance(document, list) else key]
    return document
