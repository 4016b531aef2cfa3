"""A job: its request, its state, what DescribeJobs says of it, and how it is stopped from outside."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from integration.harness.sfn.batch.definitions import Definition
from integration.harness.sfn.batch.retries import Ending

ENDED = frozenset({"SUCCEEDED", "FAILED"})
SUMMARY = ["jobArn", "jobId", "jobName", "createdAt", "status", "statusReason", "startedAt", "stoppedAt"]


@dataclass(frozen=True)
class Queue:
    """A job queue, `fargate` or not by its compute environment."""

    name: str
    arn: str
    compute_environment: str
    fargate: bool


@dataclass
class Job:
    """One job, or one node of a multi-node job.

    Args:
        id: as in the API; that of a node is `<id of the job>#<index>`.
        request: the SubmitJob request.
        container: the definition's container properties with the overrides of the request.
        nodes: of a multi-node job, in order.
        node_index: of a node.
    """

    id: str
    arn: str
    queue: Queue
    definition: Definition
    request: dict[str, Any]
    container: dict[str, Any]
    nodes: list[Job] = field(default_factory=list)
    node_index: int | None = None
    status: str = "SUBMITTED"
    status_reason: str | None = None
    attempts: list[dict[str, Any]] = field(default_factory=list)
    created: int = field(default_factory=lambda: now())
    started: int | None = None
    stopped: int | None = None
    ended: threading.Event = field(default_factory=threading.Event)
    _terminated: str | None = None
    _stop: Callable[[str], None] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def name(self) -> str:
        return str(self.request["jobName"])

    @property
    def terminated(self) -> str | None:
        """Why it was told to end, if it was."""
        return self._terminated

    @property
    def retry_strategy(self) -> dict[str, Any]:
        return self.request.get("retryStrategy") or self.definition.get("retryStrategy") or {"attempts": 1}

    @property
    def time_limit(self) -> float | None:
        """Seconds for each attempt."""
        timeout = self.request.get("timeout") or self.definition.get("timeout") or {}
        seconds: float | None = timeout.get("attemptDurationSeconds")
        return seconds

    @property
    def parameters(self) -> dict[str, str]:
        return {**(self.definition.get("parameters") or {}), **(self.request.get("parameters") or {})}

    @property
    def main_node(self) -> Job:
        return self.nodes[int(self.definition["nodeProperties"]["mainNode"])]

    def terminate(self, reason: str) -> None:
        """TerminateJob: no further attempt, and the container of this one is asked to end, then killed."""
        with self._lock:
            if self.status in ENDED or self._terminated is not None:
                return
            self._terminated = reason
            stop = self._stop
        if stop is not None:
            stop(reason)

    def at_work(self, stop: Callable[[str], None]) -> None:
        """An attempt has begun which `stop` ends; at once if the job was terminated meanwhile."""
        with self._lock:
            self._stop = stop
            reason = self._terminated
            self.status = "RUNNING"
            self.started = now()
        if reason is not None:
            stop(reason)

    def attempted(self, ending: Ending, log_stream: str | None) -> None:
        """An attempt has ended."""
        container = {"exitCode": ending.exit_code, "reason": ending.reason, "logStreamName": log_stream}
        with self._lock:
            self._stop = None
            self.stopped = now()
            self.attempts.append(
                {
                    "container": given(container),
                    "startedAt": self.started,
                    "stoppedAt": self.stopped,
                    "statusReason": ending.status_reason,
                }
            )

    def finish(self, ending: Ending) -> None:
        with self._lock:
            self.status = "SUCCEEDED" if ending.succeeded and self._terminated is None else "FAILED"
            self.status_reason = self._terminated or ending.status_reason
            self.stopped = now()
        self.ended.set()

    def describe(self) -> dict[str, Any]:
        """As DescribeJobs answers, with millisecond times."""
        with self._lock:
            last = self.attempts[-1]["container"] if self.attempts else {}
            return given(
                {
                    "jobArn": self.arn,
                    "jobName": self.name,
                    "jobId": self.id,
                    "jobQueue": self.queue.arn,
                    "status": self.status,
                    "statusReason": self.status_reason,
                    "attempts": copy.deepcopy(self.attempts),
                    "createdAt": self.created,
                    "startedAt": self.started,
                    "stoppedAt": self.stopped,
                    "retryStrategy": self.retry_strategy,
                    "timeout": self.request.get("timeout") or self.definition.get("timeout"),
                    "dependsOn": [],
                    "jobDefinition": self.definition["jobDefinitionArn"],
                    "parameters": self.parameters,
                    "tags": self.request.get("tags") or {},
                    "platformCapabilities": self.definition.get("platformCapabilities"),
                    "container": None if self.nodes else {**copy.deepcopy(self.container), **last},
                    "isTerminated": self._terminated is not None,
                    **self._describe_nodes(),
                }
            )

    def _describe_nodes(self) -> dict[str, Any]:
        if self.nodes:
            return {"nodeProperties": {**self.definition["nodeProperties"], "numNodes": len(self.nodes)}}
        if self.node_index is not None:
            main = self.definition["nodeProperties"]["mainNode"]
            return {"nodeDetails": {"nodeIndex": self.node_index, "isMainNode": self.node_index == main}}
        return {}

    def summary(self) -> dict[str, Any]:
        """As ListJobs answers."""
        described = self.describe()
        return {name: described[name] for name in SUMMARY if name in described}


def now() -> int:
    """Milliseconds since 1970, as Batch writes times."""
    return int(time.time() * 1000)


def given(values: dict[str, Any]) -> dict[str, Any]:
    """Without what is None: the API leaves absent fields out."""
    return {name: value for name, value in values.items() if value is not None}
