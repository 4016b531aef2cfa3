"""The one thing that tasks of a DAG run tell each other: a small record per instance of a step, as an XCom.

A record is what the runtime reports: `{index, next, n, iterations}`, and the mapped task that it is of. A
task pushes the list of the records of its instances; a mapped task gives a list of such lists.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from metaflow_extensions.orchestrators.core.graph import Graph

from ..version_compat import conf

RECORDS = "metaflow_records"


def push(task_instance: Any, records: Iterable[dict[str, Any]]) -> None:
    """Leave the records of a task for those that follow."""
    map_index = _map_index(task_instance)
    task_instance.xcom_push(key=RECORDS, value=[{**record, "map_index": map_index} for record in records])


def pull(task_instance: Any, step: str) -> list[dict[str, Any]]:
    """Records of the instances of `step` that have succeeded in this run; none if it was skipped.

    Airflow keeps what a task pushed when it is cleared and does not start again: its state tells.
    """
    dag_id, run_id = task_instance.dag_id, task_instance.run_id
    states = task_instance.get_task_states(dag_id=dag_id, task_ids=[step], run_ids=[run_id]).get(run_id, {})
    return [
        record
        for record in _flatten(task_instance.xcom_pull(task_ids=step, key=RECORDS))
        if states.get(_key(step, record["map_index"])) == "success"
    ]


def _map_index(task_instance: Any) -> int:
    return -1 if task_instance.map_index is None else int(task_instance.map_index)


def _key(step: str, map_index: int) -> str:
    """What Airflow calls a task instance in its answer about states."""
    return step if map_index < 0 else f"{step}_{map_index}"


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
