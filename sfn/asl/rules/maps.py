"""Map states: what an inline and what a distributed one can have.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

from __future__ import annotations

from collections.abc import Iterator

from ..finding import Finding
from ..machine import StateMachine
from ..place import places
from ..states import Map

DISTRIBUTED_ONLY = {
    "item_reader": "ItemReader",
    "item_batcher": "ItemBatcher",
    "result_writer": "ResultWriter",
    "tolerated_failure_count": "ToleratedFailureCount",
    "tolerated_failure_count_path": "ToleratedFailureCountPath",
    "tolerated_failure_percentage": "ToleratedFailurePercentage",
    "tolerated_failure_percentage_path": "ToleratedFailurePercentagePath",
    "label": "Label",
}


def findings(machine: StateMachine) -> Iterator[Finding]:
    """Everything about Map states."""
    maps = [place.state for place in places(machine) if isinstance(place.state, Map)]
    for state in maps:
        for rule, message in _problems(state):
            yield Finding(state.name, rule, message)
    yield from _labels(maps)


def _labels(maps: list[Map]) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for state in maps:
        if state.label is not None and first.setdefault(state.label, state.name) != state.name:
            message = (
                f"its Label {state.label!r} is that of {first[state.label]!r} too; each has to be unique"
            )
            yield Finding(state.name, "duplicate-label", message)


def _problems(state: Map) -> Iterator[tuple[str, str]]:
    if state.processor is None:
        yield "missing-field", "ItemProcessor is missing"
    if state.item_processor is not None and state.iterator is not None:
        yield "one-of", "it has both ItemProcessor and Iterator, its old name; keep one"
    if state.item_selector is not None and state.parameters is not None:
        yield "one-of", "it has both ItemSelector and Parameters, its old name; keep one"
    sources = {"Items": state.items, "ItemReader": state.item_reader}
    if all(source is not None for source in sources.values()):
        yield "one-of", "it has both Items and ItemReader; keep one"
    if state.is_distributed:
        yield from _distributed(state)
    else:
        yield from _inline(state)


def _inline(state: Map) -> Iterator[tuple[str, str]]:
    for python, name in DISTRIBUTED_ONLY.items():
        if getattr(state, python) is not None:
            yield "distributed-only", f"{name} is for Maps whose ProcessorConfig.Mode is DISTRIBUTED"
    config = state.processor.processor_config if state.processor else None
    if config is not None and config.execution_type is not None:
        yield "distributed-only", "ProcessorConfig.ExecutionType is for Mode DISTRIBUTED"


def _distributed(state: Map) -> Iterator[tuple[str, str]]:
    config = state.processor.processor_config if state.processor else None
    if config is not None and config.execution_type is None:
        yield (
            "execution-type",
            "ProcessorConfig.Mode is DISTRIBUTED; ExecutionType (STANDARD or EXPRESS) is missing",
        )
    batcher, writer = state.item_batcher, state.result_writer
    if batcher is not None and all(
        size is None
        for size in (
            batcher.max_items_per_batch,
            batcher.max_items_per_batch_path,
            batcher.max_input_bytes_per_batch,
            batcher.max_input_bytes_per_batch_path,
        )
    ):
        yield "missing-field", "ItemBatcher needs MaxItemsPerBatch or MaxInputBytesPerBatch"
    if writer is not None and writer.resource is None and writer.writer_config is None:
        yield "missing-field", "ResultWriter needs Resource, WriterConfig or both"
