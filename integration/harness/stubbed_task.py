"""What a task leaves in the datastore, written without a start of Python: for tests with thousands of them.

Each has the artifacts of the flow's first task, as a step has those of its parent, and some of its own.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import pickle
from dataclasses import dataclass
from typing import Any, Protocol

from metaflow_extensions.orchestrators.core.ids import parse_task_id


class Store(Protocol):
    """Objects below the datastore's root."""

    def get(self, key: str) -> bytes: ...

    def put(self, key: str, content: bytes) -> None: ...


@dataclass(frozen=True)
class StubbedTask:
    """A task that is not run; `id` is Metaflow's, such as `t-2`."""

    store: Store
    flow: str
    run: str
    step: str
    id: str

    def leave_item(self, following: str, **artifacts: Any) -> None:
        """Leave what the item of a foreach between the first step and the join `following` does."""
        from metaflow.tuple_util import ForeachFrame

        [index], _ = parse_task_id(self.id)
        count = self.first("_foreach_num_splits")
        frame = ForeachFrame(self.step, self.first("_foreach_var"), count, index, None)
        self.leave([following], _foreach_stack=[frame], **artifacts)

    def leave(self, following: list[str], **artifacts: Any) -> None:
        """Write attempt 0, which succeeded and leads to the steps `following`."""
        own = {
            **dict.fromkeys(("_foreach_var", "_foreach_num_splits", "_foreach_values")),
            "_current_step": self.step,
            "_task_ok": True,
            "_success": True,
            "_transition": (following, None),
            **artifacts,
        }
        data = self._first_data()
        for name, value in own.items():
            data["objects"][name] = self._save(pickle.dumps(value))
            data["info"][name] = {"size": 1, "type": str(type(value)), "encoding": "pickle-v4"}
        folder = f"{self.flow}/{self.run}/{self.step}/{self.id}"
        self.store.put(f"{folder}/0.attempt.json", b'{"time": 0}')
        self.store.put(f"{folder}/0.data.json", json.dumps(data).encode())
        self.store.put(f"{folder}/0.DONE.lock", b"")

    def first(self, artifact: str) -> Any:
        """An artifact of the flow's first task."""
        key = self._first_data()["objects"][artifact]
        return pickle.loads(gzip.decompress(self.store.get(f"{self.flow}/data/{key[:2]}/{key}")))

    def _first_data(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self.store.get(f"{self.flow}/{self.run}/start/t/0.data.json"))
        return data

    def _save(self, content: bytes) -> str:
        """Put an artifact into the flow's content-addressed store; returns its key."""
        key = hashlib.sha1(content).hexdigest()
        self.store.put(f"{self.flow}/data/{key[:2]}/{key}", gzip.compress(content, mtime=0))
        return key
