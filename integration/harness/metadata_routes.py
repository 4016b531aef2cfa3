"""The routes of the metadata service and what they store: one function a route, in memory.

They answer what Metaflow's client and tasks ask of Netflix's metaflow-service 2.5 (its README documents
the API), with its surprises: a second heartbeat within ten seconds is 404, an artifact asked for without an
attempt is the first one's, an artifact that an attempt registers twice keeps its first value, and the tags
of steps, tasks and artifacts are those of their run.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import unquote

HEARTBEAT_SECONDS = 10

Row = dict[str, Any]
Entry = TypeVar("Entry")


class Refused(Exception):
    """A request that is answered with an error status and a message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


# --- what is stored


@dataclass
class Task:
    row: Row
    run: Run
    artifacts: dict[tuple[int, str], Row] = field(default_factory=dict)
    metadata: list[Row] = field(default_factory=list)


@dataclass
class Step:
    row: Row
    run: Run
    tasks: dict[str, Task] = field(default_factory=dict)


@dataclass
class Run:
    row: Row
    steps: dict[str, Step] = field(default_factory=dict)


@dataclass
class Flow:
    row: Row
    runs: dict[str, Run] = field(default_factory=dict)


@dataclass
class Store:
    flows: dict[str, Flow] = field(default_factory=dict)
    last_number: int = 0

    def next_number(self) -> int:
        self.last_number += 1
        return self.last_number


@dataclass(frozen=True)
class Request:
    """One request: the named parts of its path, its query, its decoded body."""

    path: dict[str, str]
    query: dict[str, str]
    body: Any


def flow_of(store: Store, request: Request) -> Flow:
    return found(store.flows.get(request.path["flow"]), "flow")


def run_of(store: Store, request: Request) -> Run:
    return found(flow_of(store, request).runs.get(request.path["run"]), "run")


def step_of(store: Store, request: Request) -> Step:
    return found(run_of(store, request).steps.get(request.path["step"]), "step")


def task_of(store: Store, request: Request) -> Task:
    return found(step_of(store, request).tasks.get(request.path["task"]), "task")


def found(entry: Entry | None, kind: str) -> Entry:
    if entry is None:
        raise Refused(404, f"no such {kind}")
    return entry


def now_ms() -> int:
    return int(time.time() * 1000)


def new_row(body: Row, **fields: Any) -> Row:
    """What every object has: its names, who made it and when, its tags."""
    return {
        **fields,
        "user_name": body.get("user_name"),
        "ts_epoch": now_ms(),
        "tags": body.get("tags") or [],
        "system_tags": body.get("system_tags") or [],
    }


def given_or_next(store: Store, given: str | None) -> str | int:
    """The id that the caller gives, or the next number; a caller may not give a number."""
    if given is None:
        return store.next_number()
    if str(given).isnumeric():
        raise Refused(400, f"a given id may not be a number: {given}")
    return given


def with_run_tags(row: Row, run: Run) -> Row:
    return {**row, "tags": run.row["tags"], "system_tags": run.row["system_tags"]}


# --- routes: called with the store locked; they return what is sent as JSON


def list_flows(store: Store, request: Request) -> Any:
    return [flow.row for flow in store.flows.values()]


def create_flow(store: Store, request: Request) -> Any:
    name = request.path["flow"]
    if name in store.flows:
        raise Refused(409, f"flow {name} exists")
    store.flows[name] = Flow(new_row(request.body, flow_id=name))
    return store.flows[name].row


def get_flow(store: Store, request: Request) -> Any:
    return flow_of(store, request).row


def list_runs(store: Store, request: Request) -> Any:
    return [run.row for run in flow_of(store, request).runs.values()]


def create_run(store: Store, request: Request) -> Any:
    flow = flow_of(store, request)
    number = given_or_next(store, request.body.get("run_number"))
    if str(number) in flow.runs:
        raise Refused(409, f"run {number} exists")
    row = new_row(request.body, flow_id=request.path["flow"], run_number=number)
    row["last_heartbeat_ts"] = int(time.time())
    flow.runs[str(number)] = Run(row)
    return row


def get_run(store: Store, request: Request) -> Any:
    return run_of(store, request).row


def mutate_tags(store: Store, request: Request) -> Any:
    row = run_of(store, request).row
    to_add = request.body.get("tags_to_add") or []
    to_remove = request.body.get("tags_to_remove") or []
    if not (isinstance(to_add, list) and isinstance(to_remove, list)):
        raise Refused(400, "tags_to_add and tags_to_remove are lists")
    if protected := set(to_remove) & set(row["system_tags"]):
        raise Refused(422, f"system tags may not be removed: {sorted(protected)}")
    kept = [tag for tag in row["tags"] if tag not in to_remove]
    row["tags"] = list(dict.fromkeys(kept + [tag for tag in to_add if tag not in row["system_tags"]]))
    return {"tags": row["tags"]}


def beat_run(store: Store, request: Request) -> Any:
    return beat(run_of(store, request).row)


def list_steps(store: Store, request: Request) -> Any:
    run = run_of(store, request)
    return [with_run_tags(step.row, run) for step in run.steps.values()]


def create_step(store: Store, request: Request) -> Any:
    run, name = run_of(store, request), request.path["step"]
    if name in run.steps:
        raise Refused(409, f"step {name} exists")
    names = {"flow_id": request.path["flow"], "run_number": run.row["run_number"], "step_name": name}
    run.steps[name] = Step(new_row(request.body, **names), run)
    return with_run_tags(run.steps[name].row, run)


def get_step(store: Store, request: Request) -> Any:
    step = step_of(store, request)
    return with_run_tags(step.row, step.run)


def list_tasks(store: Store, request: Request) -> Any:
    step = step_of(store, request)
    return [with_run_tags(task.row, step.run) for task in step.tasks.values()]


def create_task(store: Store, request: Request) -> Any:
    step = step_of(store, request)
    task_id = given_or_next(store, request.body.get("task_id"))
    if str(task_id) in step.tasks:
        raise Refused(409, f"task {task_id} exists")
    names = {key: step.row[key] for key in ("flow_id", "run_number", "step_name")}
    task = Task(new_row(request.body, **names, task_id=task_id, last_heartbeat_ts=None), step.run)
    step.tasks[str(task_id)] = task
    return with_run_tags(task.row, step.run)


def get_task(store: Store, request: Request) -> Any:
    task = task_of(store, request)
    return with_run_tags(task.row, task.run)


def beat_task(store: Store, request: Request) -> Any:
    return beat(task_of(store, request).row)


def beat(row: Row) -> str:
    """Keep a heartbeat. The answer is JSON inside a JSON string, which Metaflow's heartbeat decodes twice."""
    now = int(time.time())
    last = row["last_heartbeat_ts"]
    if last is not None and now - last < HEARTBEAT_SECONDS:
        raise Refused(404, f"the last heartbeat is less than {HEARTBEAT_SECONDS} s old")
    row["last_heartbeat_ts"] = now
    return json.dumps({"wait_time_in_seconds": HEARTBEAT_SECONDS})


def filtered_tasks(store: Store, request: Request) -> Any:
    name, pattern = request.query.get("metadata_field_name"), request.query.get("pattern")

    def matches(datum: Row) -> bool:
        named = name is None or datum["field_name"] == name
        return named and (pattern is None or re.search(pattern, datum["value"]) is not None)

    return [
        "{flow_id}/{run_number}/{step_name}/{task_id}".format_map(task.row)
        for task in step_of(store, request).tasks.values()
        if name is pattern is None or any(map(matches, task.metadata))
    ]


def list_metadata(store: Store, request: Request) -> Any:
    return task_of(store, request).metadata


def create_metadata(store: Store, request: Request) -> Any:
    task = task_of(store, request)
    for datum in request.body:
        names = {key: task.row[key] for key in ("flow_id", "run_number", "step_name", "task_id")}
        values = {key: datum.get(key, " ") for key in ("field_name", "value", "type")}
        task.metadata.append(new_row(datum, id=store.next_number(), **names, **values))
    return {"metadata_created": len(request.body)}


def create_artifacts(store: Store, request: Request) -> Any:
    task = task_of(store, request)
    fields = ("name", "location", "ds_type", "sha", "type", "content_type")
    before = len(task.artifacts)
    for artifact in request.body:
        names = {key: task.row[key] for key in ("flow_id", "run_number", "step_name", "task_id")}
        values = {key: artifact.get(key, " ") for key in fields}
        attempt = int(artifact.get("attempt_id", 0))
        row = new_row(artifact, **names, **values, attempt_id=attempt)
        task.artifacts.setdefault((attempt, row["name"]), row)
    return {"artifacts_created": len(task.artifacts) - before}


def artifacts_of(task: Task, attempt: int) -> list[Row]:
    return [with_run_tags(row, task.run) for (of, _), row in task.artifacts.items() if of == attempt]


def latest_artifacts(tasks: Iterable[Task]) -> list[Row]:
    return [
        row
        for task in tasks
        if task.artifacts
        for row in artifacts_of(task, max(attempt for attempt, _ in task.artifacts))
    ]


def run_artifacts(store: Store, request: Request) -> Any:
    steps = run_of(store, request).steps.values()
    return latest_artifacts(task for step in steps for task in step.tasks.values())


def step_artifacts(store: Store, request: Request) -> Any:
    return latest_artifacts(step_of(store, request).tasks.values())


def task_artifacts(store: Store, request: Request) -> Any:
    return latest_artifacts([task_of(store, request)])


def attempt_artifacts(store: Store, request: Request) -> Any:
    return artifacts_of(task_of(store, request), int(request.path["attempt"]))


def get_artifact(store: Store, request: Request) -> Any:
    task, name = task_of(store, request), request.path["name"]
    attempts = [attempt for attempt, known in task.artifacts if known == name]
    attempt = int(request.path.get("attempt", min(attempts, default=0)))
    return with_run_tags(found(task.artifacts.get((attempt, name)), "artifact"), task.run)


# --- the routing table

Route = Callable[[Store, Request], Any]

FLOW = "/flows/{flow}"
RUN = FLOW + "/runs/{run}"
STEP = RUN + "/steps/{step}"
TASK = STEP + "/tasks/{task}"

ROUTES: tuple[tuple[str, str, Route], ...] = (
    ("GET", "/flows", list_flows),
    ("POST", FLOW, create_flow),
    ("GET", FLOW, get_flow),
    ("GET", FLOW + "/runs", list_runs),
    ("POST", FLOW + "/run", create_run),
    ("GET", RUN, get_run),
    ("PATCH", RUN + "/tag/mutate", mutate_tags),
    ("POST", RUN + "/heartbeat", beat_run),
    ("GET", RUN + "/artifacts", run_artifacts),
    ("GET", RUN + "/steps", list_steps),
    ("POST", STEP + "/step", create_step),
    ("GET", STEP, get_step),
    ("GET", STEP + "/artifacts", step_artifacts),
    ("GET", STEP + "/filtered_tasks", filtered_tasks),
    ("GET", STEP + "/tasks", list_tasks),
    ("POST", STEP + "/task", create_task),
    ("GET", TASK, get_task),
    ("POST", TASK + "/heartbeat", beat_task),
    ("GET", TASK + "/metadata", list_metadata),
    ("POST", TASK + "/metadata", create_metadata),
    ("POST", TASK + "/artifact", create_artifacts),
    ("GET", TASK + "/artifacts", task_artifacts),
    ("GET", TASK + "/attempt/{attempt}/artifacts", attempt_artifacts),
    ("GET", TASK + "/artifacts/{name}", get_artifact),
    ("GET", TASK + "/artifacts/{name}/attempt/{attempt}", get_artifact),
)

PATTERNS = [
    (method, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)), route)
    for method, template, route in ROUTES
]


def find_route(method: str, path: str) -> tuple[Route, dict[str, str]]:
    for of, pattern, route in PATTERNS:
        if of == method and (match := pattern.fullmatch(path)):
            return route, {name: unquote(value) for name, value in match.groupdict().items()}
    raise Refused(404, f"no route {method} {path}")
