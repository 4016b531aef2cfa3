"""A step call as the request file and the variables of the runtime's process."""

from __future__ import annotations

import json

from ..plan.task_request import code_variables, step_request
from .base import StepCall


def request(call: StepCall, flow_file: str) -> str:
    """JSON of the runtime's `TaskRequest`; it holds the parameters' values, so keep the file private.

    Where Airflow's own retries would count for several Metaflow tasks, the runtime makes them itself.
    """
    plan, step, node = call.plan, call.plan.step(call.step), call.plan.graph[call.step]
    data = step_request(plan, step)
    by_engine = not (node.loop or len(call.members) > 1)
    data["retries"] |= {"by_engine": by_engine, "left": call.user_retries_left}
    data |= {
        "flow_file": flow_file,
        "run_id": call.run_id,
        "step": call.step,
        "members": call.members,
        "loop": node.loop,
        "iterations": call.iterations,
        "series": call.series,
        "parameters": call.parameters,
        "metadata": call.metadata,
    }
    return json.dumps(data)


def variables(call: StepCall) -> dict[str, str]:
    """Variables of this step of this run, as stock Metaflow sets them; those of `@environment` come last."""
    step = call.plan.step(call.step)
    return {
        **code_variables(call.plan),
        "METAFLOW_STEP_NAME": call.step,
        "METAFLOW_RUN_ID": call.run_id,
        "METAFLOW_RUNTIME_NAME": "airflow",
        "METAFLOW_AIRFLOW_DAG_RUN_ID": call.metadata["airflow-dag-run-id"],
        "METAFLOW_AIRFLOW_JOB_ID": call.metadata["airflow-job-id"],
        **step.environment,
    }
