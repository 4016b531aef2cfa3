"""Runs a step of several runs on the process backend, and says how long each took.

    python -m integration.bench.step_probe DAG_FILE STEP RUN_ID...    (in the environment of an AirflowHome)

As a worker's operator does it, in a process that has imported Airflow. The last line of the output is JSON.
"""

from __future__ import annotations

import json
import logging
import runpy
import sys
import time
from collections.abc import Iterator

from metaflow_provider.backends.base import StepCall
from metaflow_provider.backends.process import ProcessBackend
from metaflow_provider.plan import FlowPlan


def main(dag_file: str, step: str, run_ids: list[str]) -> None:
    plan = runpy.run_path(dag_file)["dag"].get_task(step).plan
    print(json.dumps(list(seconds(plan, step, run_ids))))


def seconds(plan: FlowPlan, step: str, run_ids: list[str]) -> Iterator[float]:
    for run_id in run_ids:
        call = StepCall(
            plan=plan,
            step=step,
            run_id=run_id,
            members=[()],
            user_retries_left=0,
            series="0",
            parameters={} if step == plan.graph.start else None,
            metadata={"airflow-dag-run-id": run_id, "airflow-job-id": ""},
        )
        started = time.perf_counter()
        ProcessBackend().run(call, logging.getLogger("bench"))
        yield time.perf_counter() - started


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
