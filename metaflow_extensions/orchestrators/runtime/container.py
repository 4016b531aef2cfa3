"""The entry of a task in a container: `python -m metaflow_extensions.orchestrators.runtime.container`.

What never changes for a step is a JSON text in the variable REQUEST, which belongs to the container's
definition. Which task of which run it is comes in the variables below, which the engine fills in. What the
task did is left in the datastore (`core.hand_over`) or in files, as the engine asks. The exit status is that
of `runtime.task`.
"""

from __future__ import annotations

import io
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..core.hand_over import record_key
from ..core.ids import parse_task_id
from .attempts import flow_datastore
from .child import run_quietly
from .given import given_values
from .request import Record, TaskRequest, parse_request
from .supervisor import TRY_AGAIN, Supervisor, TaskFailed
from .task import prepare_environment

# JSON of a `TaskRequest`, without what the others say.
REQUEST = "METAFLOW_ORCHESTRATORS_REQUEST"
# Metaflow's own names of the run and the step.
RUN, STEP = "METAFLOW_RUN_ID", "METAFLOW_STEP_NAME"
# The task's id.
TASK = "METAFLOW_ORCHESTRATORS_TASK"
# For a step behind loops: `step=count`, how often the one ran that led here; empty if none did.
ITERATIONS = "METAFLOW_ORCHESTRATORS_ITERATIONS"
# For a step that the engine has to know the end of: `record`, or `items` for the list of a foreach's indices,
# in the datastore; `files:FOLDER`: a file for each field of the record.
HAND_OVER = "METAFLOW_ORCHESTRATORS_HAND_OVER"
# For the first step: where the run's parameters are, see `given`.
PARAMETERS = "METAFLOW_ORCHESTRATORS_PARAMETERS"
# The engine's job, another one for each try; and which node of a gang this is.
JOB, NODE = "METAFLOW_ORCHESTRATORS_JOB", "METAFLOW_ORCHESTRATORS_NODE"
# The same, as Batch has them.
_BATCH_JOB, _BATCH_TRY, _BATCH_NODE = "AWS_BATCH_JOB_ID", "AWS_BATCH_JOB_ATTEMPT", "AWS_BATCH_JOB_NODE_INDEX"
_FILES = "files:"


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
    _prepare_gang()
    request = parse_request(
        os.environ[REQUEST],
        run_id=os.environ[RUN],
        step=os.environ[STEP],
        members=[index],
        iteration=iteration,
        node=_node(),
        claim=_claim(),
    )
    if os.environ.get(ITERATIONS):
        loop, _, count = os.environ[ITERATIONS].partition("=")
        request = replace(request, iterations={loop: {"-".join(map(str, index)): int(count)}})
    place = os.environ.get(PARAMETERS)
    if request.parameters is None or not place:
        return request
    return replace(request, parameters={**request.parameters, **given_values(request, place)})


def _node() -> int:
    return int(os.environ.get(NODE) or os.environ.get(_BATCH_NODE) or 0)


def _prepare_gang() -> None:
    """Set what Metaflow's decorators read on a node of a gang."""
    os.environ.setdefault("MF_PARALLEL_CONTROL_TASK_ID", os.environ[TASK])
    if os.environ.get(NODE):
        name, value = ("MF_WORKER_REPLICA_INDEX", _node() - 1) if _node() else ("MF_CONTROL_INDEX", 0)
        os.environ[name] = str(value)


def _claim() -> str:
    """The job and its try, which the nodes of a gang have in common."""
    if os.environ.get(JOB):
        return f"{os.environ[JOB]}/1"
    job = os.environ.get(_BATCH_JOB, "").partition("#")[0]
    return f"{job}/{os.environ.get(_BATCH_TRY, '')}" if job else ""


def _hand_over(request: TaskRequest, record: Record, form: str) -> None:
    if form.startswith(_FILES):
        _write_files(record, Path(form.removeprefix(_FILES)))
        return
    content: Any = {"next": list(record.next), "n": record.n}
    if form == "items":
        content = list(range(record.n or 0))
    key = record_key(request.flow, request.run_id, request.step, os.environ[TASK])
    flow_datastore(request)._storage_impl.save_bytes(
        [(key, io.BytesIO(json.dumps(content).encode()))], overwrite=True
    )


def _write_files(record: Record, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in (
        ("next", " ".join(record.next)),
        ("n", record.n),
        ("iterations", record.iterations or None),
    ):
        if value is not None:
            (folder / name).write_text(str(value), encoding="utf-8")


if __name__ == "__main__":
    # Under its own name: the flow file takes the place of __main__.
    from metaflow_extensions.orchestrators.runtime import container

    sys.exit(container.main())
