"""The step decorator that tells the engine what a task did. Attached by the runtime, never by users."""

from __future__ import annotations

import json
import os
from functools import partial
from typing import Any

from metaflow.decorators import StepDecorator
from metaflow.metadata_provider import MetaDatum
from metaflow.unbounded_foreach import UBF_CONTROL, UBF_TASK

from ...runtime.attempts import SERIES_METADATA
from ...runtime.execution import INTERNAL_DECORATOR, METADATA, RECORD_FILE, SERIES, record_of
from .argo_events import EMIT, emit
from .gang import be_a_gang_of_one, wait_for_own_nodes


class OrchestratorsInternalDecorator(StepDecorator):
    """Writes the task's record to a file, and registers what the engine calls the task."""

    name = INTERNAL_DECORATOR

    def task_pre_step(
        self,
        step_name: str,
        task_datastore: Any,
        metadata: Any,
        run_id: str,
        task_id: str,
        flow: Any,
        graph: Any,
        retry_count: int,
        max_user_code_retries: int,
        ubf_context: str | None,
        inputs: Any,
    ) -> None:
        """Register what the engine calls the task, and mark the attempt with its series."""
        self._is_worker = ubf_context == UBF_TASK
        tags = [f"attempt_id:{retry_count}"]
        entries = [
            MetaDatum(field=field, value=value, type=field, tags=tags)
            for field, value in json.loads(os.environ.get(METADATA, "{}")).items()
        ]
        if entries:
            metadata.register_metadata(run_id, step_name, task_id, entries)
        if ubf_context == UBF_CONTROL:
            be_a_gang_of_one(flow, f"{run_id}/{step_name}/{task_id}")
            wait_for_own_nodes(flow, step_name, task_datastore._parent, retry_count)
        series = os.environ.get(SERIES)
        if series and not self._is_worker:
            task_datastore.save_metadata({SERIES_METADATA: series})

    def task_finished(
        self,
        step_name: str,
        flow: Any,
        graph: Any,
        is_task_ok: bool,
        retry_count: int,
        max_user_code_retries: int,
    ) -> None:
        """Write the record of a successful task, and tell the world of it."""
        if not is_task_ok:
            return
        path = os.environ.get(RECORD_FILE)
        if path and not self._is_worker:
            with open(path, "w", encoding="utf-8") as file:
                json.dump(record_of(partial(getattr, flow)), file)
        if os.environ.get(EMIT):
            emit(flow.name, step_name, graph.end_step)
