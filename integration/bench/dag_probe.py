"""Loads DAGs as Airflow's DAG processor does, in a fresh process, and says what that took.

    python -m integration.bench.dag_probe FILE_OR_FOLDER    (in the environment of an AirflowHome)

Before the clock starts Airflow is imported, and what it made is hidden from the garbage collector, as the DAG
processor does before it forks a process for a file. The last line of the output is JSON.
"""

from __future__ import annotations

import gc
import json
import sys
import time

import psutil
from airflow.dag_processing.dagbag import DagBag

_SLOW_IMPORTS = ("metaflow", "kubernetes", "boto3")


def main(path: str) -> None:
    gc.collect()
    gc.freeze()
    before = psutil.Process().memory_info().rss
    bag, seconds = load(path)
    grown = psutil.Process().memory_info().rss - before
    imported = [name for name in _SLOW_IMPORTS if name in sys.modules]
    _, again = load(path)
    found = {
        "seconds": seconds,
        "again": again,
        "megabytes": grown / 1e6,
        "serialised": sum(serialised_size(dag) for dag in bag.dags.values()),
        "dags": len(bag.dags),
        "not_up_to_date": sum("metaflow: not up to date" in dag.tags for dag in bag.dags.values()),
        "imported": imported,
    }
    print(json.dumps(found))


def load(path: str) -> tuple[DagBag, float]:
    started = time.perf_counter()
    bag = DagBag(path)
    seconds = time.perf_counter() - started
    if bag.import_errors:
        raise RuntimeError(f"{path} does not load: {bag.import_errors}")
    return bag, seconds


def serialised_size(dag: object) -> int:
    """Bytes of the DAG in Airflow's database."""
    from airflow.serialization.serialized_objects import DagSerialization

    return len(json.dumps(DagSerialization.to_dict(dag)))


if __name__ == "__main__":
    main(sys.argv[1])
