"""A step whose body is stubbed: it leaves what its join reads, without a start of Python.

Written with the standard library alone, since what is measured is everything around the body.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import pickle
from pathlib import Path
from typing import Any

from metaflow_extensions.orchestrators.core.ids import TaskRef
from metaflow_provider.backends.base import Backend, Log, StepCall

STACKS = "stacks"


class StubbedBody:
    """A backend that writes the marks of a foreach's body to a local datastore: success, way on, own number.

    The instance with the first index really runs: a join takes Metaflow's own artifacts from it. Where the
    others are in the foreach is pickled by the flow's first step: a list of bytes in the flow's file STACKS.

    Args:
        real: runs that instance.
        join: where the body leads.
    """

    def __init__(self, real: Backend, join: str) -> None:
        self._real = real
        self._join = join

    def run(self, call: StepCall, log: Log) -> list[dict[str, Any]]:
        if (0,) in call.members:
            return self._real.run(call, log)
        flow = Path(call.plan.runtime.datastore_root, call.plan.flow)
        stacks = pickle.loads((flow / STACKS).read_bytes())
        for index in call.members:
            task = flow / call.run_id / call.step / TaskRef(call.step, index).task_id
            artifacts = {
                "_current_step": call.step,
                "_task_ok": True,
                "_transition": ([self._join], None),
                "number": index[0],
            }
            keys = {name: save(flow / "data", pickle.dumps(value)) for name, value in artifacts.items()}
            write_task(task, {**keys, "_foreach_stack": save(flow / "data", stacks[index[0]])})
        return [{"index": list(index), "next": [self._join]} for index in call.members]

    def kill(self) -> None:
        self._real.kill()


def save(store: Path, content: bytes) -> str:
    """Put a pickled value into a flow's content-addressed store; returns its key."""
    key = hashlib.sha1(content).hexdigest()
    blob = store / key[:2] / key
    if not blob.exists():
        blob.parent.mkdir(parents=True, exist_ok=True)
        blob.with_name(f"{key}_meta").write_text(json.dumps({"cas_raw": False, "cas_version": 1}))
        blob.write_bytes(gzip.compress(content))
    return key


def write_task(task: Path, keys: dict[str, str]) -> None:
    """Write attempt 0 of a task, done, with artifacts by key."""
    task.mkdir(parents=True)
    info = {name: {"size": 1, "type": "object", "encoding": "pickle-v4"} for name in keys}
    (task / "0.attempt.json").write_text("{}")
    (task / "0.data.json").write_text(json.dumps({"objects": keys, "info": info}))
    (task / "0.DONE.lock").write_text("{}")
