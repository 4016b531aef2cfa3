"""What an engine asks of a task's process: a JSON file, read once."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Retries:
    """Tries of one task.

    Attributes:
        user: retries that run the user's code.
        error: further ones, in the last of which `@catch` stores the failure.
        minutes_between: delay before a retry that is made here.
        by_engine: the engine makes them, one request a try; else they are made here.
        losses_are_free: a try that was terminated from outside does not count, and the exit status says when
            no other is left: the engine tries again until then.
        left: tries of the user's code after this one; negative when only `@catch` may act. `None` where
            the engine cannot tell: then the jobs that took attempts before are counted.
    """

    user: int = 0
    error: int = 0
    minutes_between: float = 0
    by_engine: bool = False
    losses_are_free: bool = False
    left: int | None = None


@dataclass(frozen=True)
class TaskRequest:
    """One step of one run, for one or several of its instances.

    Attributes:
        flow_file: path of the flow file; tasks run in its folder.
        members: index paths of the instances, run one after the other.
        options: options of the flow's command line before `init` and `step`.
        loop: the step may lead to itself, and does so here, without the engine.
        iteration: of a looping step whose iterations the engine asks for one by one.
        node: which node of a gang this is, where every node has a process of its own.
        worker_suffix: how the ids of a gang's further nodes end, as Metaflow's decorator of the platform has
            it; `{node}` counts from 1, `{worker}` from 0.
        claim: the engine's job and its try, `JOB/TRY`, the same for all nodes of a gang.
        iterations: how often loops ran, `{step: {index path joined by -: count}}`, where the engine knows.
        series: names the tries since the run started or its task was cleared: what succeeded in this
            series is not run again.
        timeout: limit of `@timeout` in seconds.
        parameters: for the first step, the run's parameters as command line text; one that is not given
            is not there. `None` for every other step.
        metadata: fields to register with each task.
        run_name_field: a further one, for the engine's name of the run: the run's id without its first part.
    """

    flow_file: str
    flow: str
    run_id: str
    step: str
    datastore: str
    datastore_root: str
    members: tuple[tuple[int, ...], ...] = ((),)
    options: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    namespace: str = ""
    loop: bool = False
    iteration: int = 0
    node: int = 0
    worker_suffix: str = "-node-{node}"
    claim: str = ""
    iterations: dict[str, dict[str, int]] = field(default_factory=dict)
    retries: Retries = Retries()
    series: str = ""
    timeout: int | None = None
    parameters: dict[str, str] | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    run_name_field: str = ""


@dataclass(frozen=True)
class Record:
    """What the engine is told of a finished task.

    Attributes:
        index: index path.
        next: the steps it led to.
        n: number of splits of a foreach, or of nodes of a gang.
        iterations: how often a looping step ran.
    """

    index: tuple[int, ...]
    next: tuple[str, ...] = ()
    n: int | None = None
    iterations: int = 0


def parse_request(text: str, **further: Any) -> TaskRequest:
    """The request in a JSON text, with `further` fields."""
    data: dict[str, Any] = {**json.loads(text), **further}
    data["retries"] = Retries(**data.get("retries", {}))
    data["members"] = tuple(tuple(member) for member in data.get("members", [[]]))
    for name in ("options", "tags"):
        data[name] = tuple(data.get(name, ()))
    return TaskRequest(**data)


def write_records(path: Path, records: list[Record]) -> None:
    """Write the records as a JSON list of objects without empty fields."""
    rows = [
        {"index": list(r.index), **{k: v for k, v in dataclasses.asdict(r).items() if k != "index" and v}}
        for r in records
    ]
    path.write_text(json.dumps(rows), encoding="utf-8")
