"""Runs `dag.test()` for one DAG after another in one Airflow process: the imports are paid once.

    python dag_test.py    (in the environment of an AirflowHome)

Reads one JSON object a line, {"dag_id", "conf", "log"}, and answers each with one line: {"run_id", "state",
"tasks"} or {"error"}. While a DAG runs, all output of the process goes to the file `log`.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.dag_processing.dagbag import DagBag
from airflow.models import TaskInstance
from airflow.utils.session import create_session
from sqlalchemy import select

if TYPE_CHECKING:
    from airflow.sdk import DAG


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        request = json.loads(line)
        send_output_to(request["log"])
        print(json.dumps(run(request["dag_id"], request["conf"])), file=answers, flush=True)


def send_output_to(path: str) -> None:
    """From here on stdout and stderr of this process and of its children go to `path`."""
    sys.stdout.flush()
    sys.stderr.flush()
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)


def run(dag_id: str, conf: dict[str, Any] | None) -> dict[str, Any]:
    bag = DagBag()
    dag = bag.dags.get(dag_id)
    if dag is None:
        broken = "".join(f"\n{path}: {error}" for path, error in bag.import_errors.items())
        return {"error": f"no DAG {dag_id} in {bag.dag_folder}{broken}"}
    try:
        return finished(dag, dag.test(run_conf=conf))
    except Exception as error:  # reported to the caller, who asked for this one DAG among others
        traceback.print_exc()
        return {"error": f"{type(error).__name__}: {error}"}


def finished(dag: DAG, dag_run: Any) -> dict[str, Any]:
    of_run = select(TaskInstance).where(
        TaskInstance.dag_id == dag.dag_id, TaskInstance.run_id == dag_run.run_id
    )
    with create_session() as session:
        tasks = [task_instance(row) for row in session.scalars(of_run)]
    return {"run_id": dag_run.run_id, "state": str(dag_run.state), "tasks": tasks}


def task_instance(row: TaskInstance) -> dict[str, Any]:
    def iso(moment: datetime | None) -> str | None:
        return None if moment is None else moment.isoformat()

    return {
        "task_id": row.task_id,
        "map_index": row.map_index,
        "state": row.state and str(row.state),
        "try_number": row.try_number,
        "duration": row.duration,
        "start_date": iso(row.start_date),
        "end_date": iso(row.end_date),
    }


if __name__ == "__main__":
    main()
