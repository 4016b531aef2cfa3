"""The one thing that tasks of a DAG run tell each other: a small record per instance of a step, as an XCom.

A record is what the runtime reports: `{index, next, n, iterations}`. A task pushes the list of the records
of its instances; a mapped task gives a list of such lists.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from metaflow_extensions.orchestrators.core.graph import Graph

from ..version_compat import conf

RECORDS = "metaflow_records"


def pull(task_instance: Any, step: str) -> list[dict[str, Any]]:
    """Records of all instances of `step` in this run; none if it was skipped."""
    return list(_flatten(task_instance.xcom_pull(task_ids=step, key=RECORDS)))


def _flatten(value: Any) -> Iterable[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    elif value is not None:
        for item in value:
            yield from _flatten(item)


def led_here(
    graph: Graph, step: str, index: tuple[int, ...], records: dict[str, list[dict[str, Any]]]
) -> bool:
    """Whether a parent of `step` at `index` chose it. `records` has those of every parent."""
    own = list(index)
    for parent in graph[step].parents:
        depth = min(len(own), len(graph[parent].scope))
        for record in records[parent]:
            if record["index"][:depth] == own[:depth] and step in record.get("next", ()):
                return True
    return False


def chunks(indices: list[list[int]]) -> list[list[list[int]]]:
    """Index paths in as many groups as Airflow lets a task be mapped over (`[core] max_map_length`)."""
    limit = max(1, conf.getint("core", "max_map_length", fallback=1024))
    size = -(-len(indices) // limit) or 1
    return [indices[i : i + size] for i in range(0, len(indices), size)]
