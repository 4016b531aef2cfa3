"""What Metaflow's compute decorators leave out for the first node of a gang."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from ...runtime.attempts import Attempts

_TIMEOUT_SECONDS = 600
_POLL_SECONDS = 2


class NodeFailed(Exception):
    """A node of the gang has failed, or has not ended in time."""


def be_a_gang_of_one(flow: Any, pathspec: str) -> None:
    """Say which tasks the gang has if it is this one alone: `@kubernetes` says it of larger gangs only."""
    if flow._parallel_ubf_iter.num_parallel == 1:
        flow._control_mapper_tasks = [pathspec]
        flow._control_task_is_mapper_zero = True


def wait_for_own_nodes(flow: Any, step_name: str, flow_datastore: Any, attempt: int) -> None:
    """Let `@batch` wait for the nodes of this gang alone: in a foreach, a step has several gangs."""
    for deco in getattr(flow, step_name).decorators:
        if deco.name == "batch":
            deco._wait_for_mapper_tasks = partial(_wait, flow_datastore, attempt)


def _wait(flow_datastore: Any, attempt: int, flow: Any, step_name: str) -> bool:
    waiting = [path.split("/") for path in flow._control_mapper_tasks[1:]]
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    while waiting:
        if time.monotonic() > deadline:
            raise NodeFailed(f"{'/'.join(waiting[0])} did not end within {_TIMEOUT_SECONDS} s")
        waiting = [parts for parts in waiting if not _succeeded(Attempts(flow_datastore, *parts), attempt)]
        time.sleep(_POLL_SECONDS if waiting else 0)
    return True


def _succeeded(node: Attempts, attempt: int) -> bool:
    """Whether a node has ended well; raises `NodeFailed` if it has ended otherwise."""
    if not node.is_done(attempt):
        return False
    if not node.at(attempt).get("_task_ok"):
        raise NodeFailed(f"{node.run_id}/{node.step}/{node.task_id}, attempt {attempt}, failed")
    return True
