"""One try of a task, in a process of its own: which attempt, which inputs, then Metaflow's own commands."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from ..core.graph import Graph, graph_of
from ..core.ids import PARAMETERS_STEP, PARAMETERS_TASK, TaskRef
from ..core.walk import parents_of
from .attempts import SERIES_METADATA, Attempts, NotRun, flow_datastore
from .flow_file import run_flow_file
from .logs import Attempted
from .request import Record, TaskRequest
from .results import StoredOutcomes

# Read by the decorator that tells what a task did.
RECORD_FILE = "METAFLOW_ORCHESTRATORS_RECORD"
SERIES = "METAFLOW_ORCHESTRATORS_SERIES"
METADATA = "METAFLOW_ORCHESTRATORS_METADATA"
INTERNAL_DECORATOR = "orchestrators_internal"
# Exit status of a try that was not made.
NOT_RUN = 3
# Metadata file of the `_parameters` task that tells whether values are those of the run.
_VALUES_METADATA = "values"
# What Metaflow calls the iterator of a gang.
_GANG = "_parallel_ubf_iter"


class Try(Attempted, Protocol):
    """Something to do once, in a fork; what it found out is left in files."""

    def run(self) -> int:
        """Do it; returns or raises the exit status."""
        ...


class ParametersTask:
    """The run's `_parameters` task, which Metaflow's `init` makes.

    Does nothing if it is there with the same values. Metaflow knows one attempt of it, so a run whose id has
    been used before, with other values, is refused.
    """

    step = PARAMETERS_STEP
    task_id = PARAMETERS_TASK

    def __init__(self, request: TaskRequest) -> None:
        self._request = request

    def __str__(self) -> str:
        return f"{self._request.run_id}/{self.step}/{self.task_id}"

    def attempt(self) -> int | None:
        """None: its output is not kept."""
        return None

    def run(self) -> int:
        """Make the task unless it is done."""
        datastore, values = flow_datastore(self._request), self._digest()
        done = Attempts(datastore, self._request.run_id, self.step, self.task_id).at(0)
        if done.has_metadata(done.METADATA_DONE_SUFFIX):
            return 0 if done.load_metadata([_VALUES_METADATA])[_VALUES_METADATA] == values else self._refuse()
        written = datastore.get_task_datastore(
            self._request.run_id, self.step, self.task_id, attempt=0, mode="w"
        )
        written.save_metadata({_VALUES_METADATA: values})
        run_flow_file(Path(self._request.flow_file), lambda flow: self._arguments())
        return 0

    def _digest(self) -> str:
        return hashlib.sha256(json.dumps(self._request.parameters, sort_keys=True).encode()).hexdigest()

    def _refuse(self) -> int:
        print(
            f"Run {self._request.flow}/{self._request.run_id} began with other parameters, and a run keeps "
            "its own; if the engine has forgotten that run, start this one under another name",
            file=sys.stderr,
        )
        return NOT_RUN

    def _arguments(self) -> list[str]:
        request = self._request
        values = [f"--{name}={value}" for name, value in (request.parameters or {}).items()]
        tags = [f"--tag={tag}" for tag in request.tags]
        return [
            *request.options,
            "init",
            f"--run-id={request.run_id}",
            f"--task-id={self.task_id}",
            *tags,
            *values,
        ]


class StepTask:
    """One attempt of one task.

    Args:
        request: what the engine asked.
        folder: where the attempt's number, its inputs and its record are left.
        task: which task.
        user_retries_left: retries after this one that run the user's code; negative when only `@catch`
            may act. `None`: known from the jobs that took attempts before.
    """

    def __init__(
        self, request: TaskRequest, folder: Path, task: TaskRef, user_retries_left: int | None
    ) -> None:
        self._request = request
        self._task = task
        self._left = user_retries_left
        self._attempt_file = folder / "attempt"
        self._last_file = folder / "last"
        self._inputs_file = folder / "inputs"
        self._record_file = folder / "record"
        for file in (self._attempt_file, self._last_file, self._record_file):
            file.unlink(missing_ok=True)

    @property
    def step(self) -> str:
        """Name of the step."""
        return self._task.step

    @property
    def task_id(self) -> str:
        """Metaflow's id of the task; nodes of a gang have those that Metaflow's decorators expect."""
        node = self._request.node
        if not node:
            return self._task.task_id
        return self._task.task_id + self._request.worker_suffix.format(node=node, worker=node - 1)

    def __str__(self) -> str:
        attempt = self.attempt()
        suffix = "" if attempt is None else f", attempt {attempt},"
        return f"Task {self._request.run_id}/{self.step}/{self.task_id}{suffix}"

    def attempt(self) -> int | None:
        """The attempt's number, once the fork has found it out."""
        return int(self._attempt_file.read_text()) if self._attempt_file.exists() else None

    @property
    def is_last(self) -> bool:
        """Whether no try is left after this one, once the fork has found it out."""
        return self._last_file.exists()

    def note_lost(self) -> None:
        """Note that the try was terminated from outside, if it had begun."""
        attempt = self.attempt()
        if attempt is not None and not self._request.node:
            self._attempts().note_lost(attempt)

    def record(self) -> Record | None:
        """What the task did; `None` if it did not come to its end."""
        if self._request.node:
            return Record(self._task.index)
        if not self._record_file.exists():
            return None
        data = json.loads(self._record_file.read_text())
        return Record(self._task.index, tuple(data["next"]), data.get("n"))

    def run(self) -> int:
        """Run the task, unless it has succeeded in this series of tries."""
        attempts = self._attempts()
        if self._done_in_this_series(attempts):
            return 0
        os.environ[RECORD_FILE] = str(self._record_file)
        os.environ[SERIES] = self._request.series
        os.environ[METADATA] = json.dumps(self._metadata())
        try:
            run_flow_file(
                Path(self._request.flow_file), lambda flow: self._arguments(graph_of(flow._graph), attempts)
            )
        except NotRun as refusal:
            print(refusal, file=sys.stderr)
            return NOT_RUN

    def _attempts(self) -> Attempts:
        return Attempts(flow_datastore(self._request), self._request.run_id, self.step, self.task_id)

    def _metadata(self) -> dict[str, str]:
        request = self._request
        if not request.run_name_field:
            return request.metadata
        return {**request.metadata, request.run_name_field: request.run_id.partition("-")[2]}

    def _done_in_this_series(self, attempts: Attempts) -> bool:
        success = attempts.newest_success() if self._request.series else None
        if success is None or not success.has_metadata(SERIES_METADATA):
            return False
        if success.load_metadata([SERIES_METADATA])[SERIES_METADATA] != self._request.series:
            return False
        print(f"{self} has succeeded before and is not run again")
        self._record_file.write_text(json.dumps(record_of(success.get)))
        return True

    def _arguments(self, graph: Graph, attempts: Attempts) -> list[str]:
        request, node = self._request, graph[self.step]
        self._inputs_file.write_text(",".join(self._inputs(graph)))
        first_node = replace(attempts, task_id=self._task.task_id)
        left = self._left
        if left is None:
            left = request.retries.user - first_node.earlier_jobs(request.claim)
            if left + request.retries.error <= 0:
                self._last_file.touch()
        attempt = first_node.claimed_by(request.claim) if request.node else attempts.claim(request.claim)
        self._attempt_file.write_text(str(attempt))
        os.environ["METAFLOW_ATTEMPT_NUMBER"] = str(attempt)
        arguments = [
            f"--run-id={request.run_id}",
            f"--task-id={self.task_id}",
            f"--retry-count={attempt}",
            f"--max-user-code-retries={min(last_attempt(), attempt + left)}",
            f"--input-paths-filename={self._inputs_file}",
            *(f"--tag={tag}" for tag in request.tags),
        ]
        if request.namespace:
            arguments.append(f"--namespace={request.namespace}")
        if node.gang:
            context = "ubf_task" if request.node else "ubf_control"
            arguments += [f"--ubf-context={context}", f"--split-index={request.node}"]
        elif not self._task.iteration and len(node.scope) > len(
            graph[node.parents[0]].scope if node.parents else ()
        ):
            arguments.append(f"--split-index={self._task.index[-1]}")
        return [*request.options, f"--with={INTERNAL_DECORATOR}", "step", self.step, *arguments]

    def _inputs(self, graph: Graph) -> list[str]:
        outcomes = StoredOutcomes.of(self._request)
        paths = []
        for parent in parents_of(graph, self._task, outcomes):
            if parent.step == PARAMETERS_STEP:
                paths.append(f"{self._request.run_id}/{PARAMETERS_STEP}/{PARAMETERS_TASK}")
            elif graph[parent.step].gang:
                paths += outcomes.artifact(parent, "_control_mapper_tasks")
            else:
                paths.append(f"{self._request.run_id}/{parent.step}/{parent.task_id}")
        return paths


def last_attempt() -> int:
    """The highest number that Metaflow gives an attempt."""
    from metaflow.metaflow_config import MAX_ATTEMPTS

    return int(MAX_ATTEMPTS) - 1


def record_of(artifact: Callable[[str], Any]) -> dict[str, Any]:
    """What the engine is told of a finished task; `artifact` gives one of its artifacts by name."""
    steps, iterator = artifact("_transition") or ([], None)
    record: dict[str, Any] = {"next": list(steps)}
    if iterator:
        record["n"] = artifact(_GANG).num_parallel if iterator == _GANG else artifact("_foreach_num_splits")
    return record
