"""The entry of a task in a container: `python -m metaflow_extensions.orchestrators.runtime.container`.

What never changes for a step is a JSON text in the variable REQUEST, which belongs to the container's
definition. Which task of which run it is comes in the variables below, which the engine fills in. What the
task did is left in the datastore (`core.hand_over`). The exit status is that of `runtime.task`.
"""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..core.hand_over import parameters_key, record_key
from ..core.ids import parse_task_id
from .attempts import flow_datastore
from .child import run_quietly
from .request import Record, TaskRequest, parse_request
from .supervisor import FAILED_FOR_GOOD, TRY_AGAIN, Supervisor, TaskFailed
from .task import prepare_environment

# JSON of a `TaskRequest`, without what the others say.
REQUEST = "METAFLOW_ORCHESTRATORS_REQUEST"
# Metaflow's own names of the run and the step.
RUN, STEP = "METAFLOW_RUN_ID", "METAFLOW_STEP_NAME"
# The task's id.
TASK = "METAFLOW_ORCHESTRATORS_TASK"
# For a step behind loops: `step=count`, how often the one ran that led here; empty if none did.
ITERATIONS = "METAFLOW_ORCHESTRATORS_ITERATIONS"
# For a step that the engine has to know the end of: `record`, or `items` for the list of a foreach's indices.
HAND_OVER = "METAFLOW_ORCHESTRATORS_HAND_OVER"
# For the first step: `given` if the engine has put the run's parameters into the datastore.
PARAMETERS = "METAFLOW_ORCHESTRATORS_PARAMETERS"


def main() -> int:
    """Run the task that the environment names; returns the exit status."""
    prepare_environment()
    try:
        request = _request()
        [record] = Supervisor(request).run()
    except TaskFailed as failure:
        print(failure, file=sys.stderr, flush=True)
        return failure.status
    form = os.environ.get(HAND_OVER)
    if form and not request.node and not run_quietly(lambda: _hand_over(request, record, form)):
        return TRY_AGAIN
    return 0


def _request() -> TaskRequest:
    index, iteration = parse_task_id(os.environ[TASK])
    gang_node = int(os.environ.get("AWS_BATCH_JOB_NODE_INDEX", "0"))
    os.environ.setdefault("MF_PARALLEL_CONTROL_TASK_ID", os.environ[TASK])
    request = parse_request(
        os.environ[REQUEST],
        run_id=os.environ[RUN],
        step=os.environ[STEP],
        members=[index],
        iteration=iteration,
        node=gang_node,
        claim=_claim(),
    )
    if os.environ.get(ITERATIONS):
        loop, _, count = os.environ[ITERATIONS].partition("=")
        request = replace(request, iterations={loop: {"-".join(map(str, index)): int(count)}})
    if request.parameters is None or os.environ.get(PARAMETERS) != "given":
        return request
    return replace(request, parameters={**request.parameters, **_given(request)})


def _claim() -> str:
    """The job and its try, which the nodes of a gang have in common."""
    job = os.environ.get("AWS_BATCH_JOB_ID", "").partition("#")[0]
    return f"{job}/{os.environ.get('AWS_BATCH_JOB_ATTEMPT', '')}" if job else ""


def _given(request: TaskRequest) -> dict[str, str]:
    """The run's parameters as command line text; those without a value are not given."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "parameters.json")
        if not run_quietly(lambda: _fetch(request, parameters_key(request.flow, request.run_id), file)):
            raise TaskFailed("The run's parameters cannot be read", TRY_AGAIN)
        text = file.read_text(encoding="utf-8")
    try:
        values: Any = json.loads(text)
        if isinstance(values, str):  # Step Functions stores a text as a JSON string
            values = json.loads(values)
    except ValueError as error:
        raise TaskFailed(f"The run's parameters are no JSON: {error}", FAILED_FOR_GOOD) from None
    if not isinstance(values, (dict, type(None))):
        raise TaskFailed(f"The run's parameters are no JSON object: {text[:200]}", FAILED_FOR_GOOD)
    return {name: _text(value) for name, value in (values or {}).items() if value is not None}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _fetch(request: TaskRequest, key: str, file: Path) -> None:
    with flow_datastore(request)._storage_impl.load_bytes([key]) as loaded:
        [(_, path, _)] = loaded
        if path is None:
            raise FileNotFoundError(f"The datastore has no {key}, which the engine should have put there")
        file.write_bytes(Path(path).read_bytes())


def _hand_over(request: TaskRequest, record: Record, form: str) -> None:
    content: Any = {"next": list(record.next), "n": record.n}
    if form == "items":
        content = list(range(record.n or 0))
    key = record_key(request.flow, request.run_id, request.step, os.environ[TASK])
    flow_datastore(request)._storage_impl.save_bytes(
        [(key, io.BytesIO(json.dumps(content).encode()))], overwrite=True
    )


if __name__ == "__main__":
    # Under its own name: the flow file takes the place of __main__.
    from metaflow_extensions.orchestrators.runtime import container

    sys.exit(container.main())
