"""A step call as the request file and the variables of the runtime's process."""

from __future__ import annotations

import json
from typing import Any

from .base import StepCall


def request(call: StepCall, flow_file: str) -> str:
    """JSON of the runtime's `TaskRequest`; it holds the parameters' values, so keep the file private.

    Where Airflow's own retries would count for several Metaflow tasks, the runtime makes them itself.
    """
    plan, step, node = call.plan, call.plan.step(call.step), call.plan.graph[call.step]
    retries_here = node.loop or len(call.members) > 1
    data: dict[str, Any] = {
        "flow_file": flow_file,
        "flow": plan.flow,
        "run_id": call.run_id,
        "step": call.step,
        "datastore": plan.runtime.datastore,
        "datastore_root": plan.runtime.datastore_root,
        "members": call.members,
        "options": [*plan.runtime.options, *(f"--with={spec}" for spec in step.decorators)],
        "tags": plan.tags,
        "namespace": plan.namespace,
        "loop": node.loop,
        "iterations": call.iterations,
        "retries": {
            "user": step.retry.user_retries,
            "error": step.retry.error_retries,
            "minutes_between": step.retry.minutes_between,
            "left": None if retries_here else call.tries_left,
        },
        "series": call.series,
        "timeout": step.timeout,
        "parameters": call.parameters,
        "metadata": call.metadata,
    }
    return json.dumps(data)


def variables(call: StepCall) -> dict[str, str]:
    """Variables of this step of this run, as stock Metaflow sets them; those of `@environment` come last."""
    plan = call.plan
    code = plan.code
    own = {
        "METAFLOW_CODE_METADATA": code.metadata if code else "",
        "METAFLOW_CODE_SHA": code.sha if code else "",
        "METAFLOW_CODE_URL": code.url if code else "",
        "METAFLOW_CODE_DS": plan.runtime.datastore,
        "METAFLOW_STEP_NAME": call.step,
        "METAFLOW_RUN_ID": call.run_id,
        "METAFLOW_RUNTIME_NAME": "airflow",
        "METAFLOW_PRODUCTION_TOKEN": plan.production_token,
        "METAFLOW_AIRFLOW_DAG_RUN_ID": call.metadata["airflow-dag-run-id"],
        "METAFLOW_AIRFLOW_JOB_ID": call.metadata["airflow-job-id"],
        "PYTHONUNBUFFERED": "x",
    }
    return {**own, **plan.step(call.step).environment}
