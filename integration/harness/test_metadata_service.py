"""The metadata service keeps the contract of Metaflow's own, and Metaflow runs and reads a flow with it."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
import requests

from integration.harness.metadata_service import MetadataService
from integration.harness.process import base_env

RUN, STEP, TASK = "argo-nightly.x1", "start", "t-2-5"
OWNER = {"user_name": "someone", "tags": ["mine"], "system_tags": ["runtime:test"]}


def artifact(name: str, attempt: int, sha: str) -> dict[str, Any]:
    where = {"location": ":root:s3://bucket", "ds_type": "s3", "content_type": "gzip+pickle-v4"}
    return {**OWNER, **where, "name": name, "attempt_id": attempt, "sha": sha, "type": "metaflow.artifact"}


def datum(name: str, value: str) -> dict[str, Any]:
    return {**OWNER, "field_name": name, "type": name, "value": value, "tags": ["attempt_id:0"]}


@dataclass(frozen=True)
class World:
    """A flow with one run, step and task: two artifacts in each of two attempts, two pieces of metadata."""

    url: str
    flow: str

    def ask(self, request: str, body: Any = None) -> requests.Response:
        """`request` is a method and a path; {flow}, {run}, {step} and {task} in it stand for their paths."""
        flow = f"/flows/{self.flow}"
        run = f"{flow}/runs/{RUN}"
        step = f"{run}/steps/{STEP}"
        method, path = request.format(flow=flow, run=run, step=step, task=f"{step}/tasks/{TASK}").split()
        return requests.request(method, self.url + path, json=body, timeout=10)

    def made(self) -> World:
        for request, body in (
            ("POST {flow}", OWNER),
            ("POST {flow}/run", {**OWNER, "run_number": RUN}),
            ("POST {step}/step", OWNER),
            ("POST {step}/task", {**OWNER, "task_id": TASK}),
            ("POST {task}/artifact", [artifact("x", 0, "x0"), artifact("y", 0, "y0")]),
            ("POST {task}/artifact", [artifact("x", 1, "x1"), artifact("y", 1, "y1")]),
            ("POST {task}/metadata", [datum("attempt", "0"), datum("foreach-execution-path", "work:0")]),
        ):
            self.ask(request, body).raise_for_status()
        return self


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MetadataService]:
    with MetadataService(tmp_path_factory.mktemp("logs")) as running:
        yield running


@pytest.fixture
def world(service: MetadataService) -> World:
    return World(service.url, f"Flow{uuid.uuid4().hex[:8]}").made()


def one(key: str) -> Callable[[Any], Any]:
    return itemgetter(key)


def each(key: str) -> Callable[[Any], Any]:
    return lambda rows: [row[key] for row in rows]


def kind_of(key: str) -> Callable[[Any], Any]:
    return lambda row: type(row[key])


def attempts(artifacts: Any) -> list[tuple[str, int]]:
    return sorted((row["name"], row["attempt_id"]) for row in artifacts)


def wait_time(answer: Any) -> Any:
    """A heartbeat's answer is JSON inside a JSON string."""
    return json.loads(answer)["wait_time_in_seconds"]


@dataclass(frozen=True)
class Case:
    """One request to a world, the status of its answer, and what `pick` finds in the answer."""

    what: str
    request: str
    body: Any = None
    status: int = 200
    pick: Callable[[Any], Any] = lambda answer: None
    want: Any = None


LAST = [("x", 1), ("y", 1)]
BY_INDEX = "GET {step}/filtered_tasks?metadata_field_name=foreach-execution-path&pattern="
BY_ATTEMPT = "GET {step}/filtered_tasks?metadata_field_name=attempt&pattern="

CONTRACT = [
    Case("flow made twice", "POST {flow}", OWNER, 409),
    Case("run without an id", "POST {flow}/run", OWNER, pick=kind_of("run_number"), want=int),
    Case("run with an id", "POST {flow}/run", {"run_number": "r"}, pick=one("run_number"), want="r"),
    Case("run with a number as its id", "POST {flow}/run", {"run_number": "12"}, 400),
    Case("run made twice", "POST {flow}/run", {"run_number": RUN}, 409),
    Case("run of no flow", "POST /flows/Nowhere/run", OWNER, 404),
    Case("run by its id", "GET {run}", pick=one("run_number"), want=RUN),
    Case("runs of a flow", "GET {flow}/runs", pick=each("run_number"), want=[RUN]),
    Case("no such run", "GET {flow}/runs/none", status=404),
    Case("new step", "POST {run}/steps/end/step", OWNER, pick=one("step_name"), want="end"),
    Case("step made twice", "POST {step}/step", OWNER, 409),
    Case("steps of a run", "GET {run}/steps", pick=each("step_name"), want=[STEP]),
    Case("task without an id", "POST {step}/task", OWNER, pick=kind_of("task_id"), want=int),
    Case("task with an id", "POST {step}/task", {"task_id": "t"}, pick=one("task_id"), want="t"),
    Case("task made twice", "POST {step}/task", {"task_id": TASK}, 409),
    Case("task by its id", "GET {task}", pick=itemgetter("run_number", "task_id"), want=(RUN, TASK)),
    Case("tasks of a step", "GET {step}/tasks", pick=each("task_id"), want=[TASK]),
    Case("no such task", "GET {step}/tasks/t-9", status=404),
    Case("artifacts", "POST {task}/artifact", [artifact("z", 1, "")], pick=one("artifacts_created"), want=1),
    Case("artifacts of a task", "GET {task}/artifacts", pick=attempts, want=LAST),
    Case("artifacts of a step", "GET {step}/artifacts", pick=attempts, want=LAST),
    Case("artifacts of a run", "GET {run}/artifacts", pick=attempts, want=LAST),
    Case("artifacts of an attempt", "GET {task}/attempt/0/artifacts", pick=each("sha"), want=["x0", "y0"]),
    Case("artifact, no attempt", "GET {task}/artifacts/x", pick=one("sha"), want="x0"),
    Case("artifact of an attempt", "GET {task}/artifacts/x/attempt/1", pick=one("sha"), want="x1"),
    Case("no such artifact", "GET {task}/artifacts/none", status=404),
    Case("metadata", "POST {task}/metadata", [datum("a", "b")], pick=one("metadata_created"), want=1),
    Case("metadata of a task", "GET {task}/metadata", pick=each("value"), want=["0", "work:0"]),
    Case("tasks by metadata", BY_INDEX + "^work:.$", pick=len, want=1),
    Case("tasks by part of a value", BY_INDEX + "rk", pick=len, want=1),
    Case("tasks by another field", BY_ATTEMPT + "work", pick=len, want=0),
    Case("tasks by no metadata", "GET {step}/filtered_tasks", pick=len, want=1),
    Case("task's heartbeat", "POST {task}/heartbeat", {}, pick=wait_time, want=10),
    Case("run's heartbeat when it is new", "POST {run}/heartbeat", {}, 404),
    Case("new tag", "PATCH {run}/tag/mutate", {"tags_to_add": ["b"]}, pick=one("tags"), want=["mine", "b"]),
    Case("tag removed", "PATCH {run}/tag/mutate", {"tags_to_remove": ["mine"]}, pick=one("tags"), want=[]),
    Case("system tag removed", "PATCH {run}/tag/mutate", {"tags_to_remove": ["runtime:test"]}, 422),
    Case("tags in no list", "PATCH {run}/tag/mutate", {"tags_to_add": "b"}, 400),
    Case("no such route", "GET {flow}/nonsense", status=404),
]


@pytest.mark.parametrize("case", CONTRACT, ids=lambda case: case.what)
def test_contract(world: World, case: Case) -> None:
    answer = world.ask(case.request, case.body)
    assert answer.status_code == case.status, answer.text
    assert case.pick(answer.json()) == case.want


def test_ping_names_the_version(world: World) -> None:
    assert world.ask("GET /ping").headers["METADATA_SERVICE_VERSION"] == "2.5.1"


def test_flows_are_listed(world: World) -> None:
    assert world.flow in each("flow_id")(world.ask("GET /flows").json())


def test_a_task_found_by_metadata_is_a_pathspec(world: World) -> None:
    assert world.ask(BY_INDEX + "work").json() == [f"{world.flow}/{RUN}/{STEP}/{TASK}"]


def test_a_heartbeat_is_kept_and_a_second_one_within_ten_seconds_refused(world: World) -> None:
    assert world.ask("GET {task}").json()["last_heartbeat_ts"] is None
    assert world.ask("POST {task}/heartbeat", {}).status_code == 200
    assert world.ask("GET {task}").json()["last_heartbeat_ts"] > 0
    assert world.ask("POST {task}/heartbeat", {}).status_code == 404


def test_changed_tags_are_kept_and_seen_on_what_the_run_holds(world: World) -> None:
    world.ask("PATCH {run}/tag/mutate", {"tags_to_add": ["new", "runtime:test"], "tags_to_remove": ["mine"]})
    for path in ("{run}", "{step}", "{task}", "{task}/artifacts/x"):
        assert world.ask(f"GET {path}").json()["tags"] == ["new"], path


def test_an_artifact_registered_again_for_an_attempt_keeps_its_first_value(world: World) -> None:
    again = world.ask("POST {task}/artifact", [artifact("x", 1, "other")])
    assert again.json() == {"artifacts_created": 0}
    assert world.ask("GET {task}/artifacts/x/attempt/1").json()["sha"] == "x1"


FLOW = """
from metaflow import FlowSpec, current, retry, step

class ServedFlow(FlowSpec):
    @step
    def start(self):
        self.letters = list("abc")
        self.next(self.work, foreach="letters")

    @retry(times=1, minutes_between_retries=0)
    @step
    def work(self):
        self.tries = current.retry_count
        if self.input == "b" and current.retry_count == 0:
            raise ValueError("the first attempt of b fails")
        self.seen = self.input.upper()
        self.next(self.join)

    @step
    def join(self, inputs):
        self.all_seen = sorted(i.seen for i in inputs)
        self.next(self.end)

    @step
    def end(self):
        print("the end")

if __name__ == "__main__":
    ServedFlow()
"""

READ = """
import json
from metaflow import Flow, Task, namespace
namespace(None)
run = Flow("ServedFlow").latest_run
retried = next(t for t in run["work"] if t["seen"].data == "B")
run.add_tag("read")
print(json.dumps({
    "flow": run.parent.id, "run": run.id, "ok": run.successful, "finished": run.finished,
    "steps": sorted(s.id for s in run), "tasks": {s.id: len(list(s)) for s in run},
    "all_seen": run.data.all_seen, "letters": run["start"].task["letters"].data,
    "attempts": [Task(retried.pathspec, attempt=n).data.tries for n in (0, 1)], "latest": retried.data.tries,
    "attempt metadata": sorted(m.value for m in retried.metadata if m.name == "attempt"),
    "tags": sorted(run.user_tags), "task tags": sorted(run.end_task.user_tags),
    "runtime": "runtime:dev" in run.system_tags, "stdout": run.end_task.stdout,
    "children": len(list(run["start"].task.child_tasks)), "code": run.code is None,
}))
"""


def test_metaflow_runs_a_flow_and_reads_it_back(tmp_path: Path) -> None:
    """Through a required header, which Metaflow sends with every request of the run and of the client."""
    (tmp_path / "served.py").write_text(FLOW)
    required = ("x-api-key", "open sesame")
    with MetadataService(tmp_path / "logs", required_header=required) as service:
        env = {
            **base_env(),
            **service.env,
            "METAFLOW_HOME": str(tmp_path / "home"),
            "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(tmp_path),
        }

        def python(*args: str) -> str:
            done = subprocess.run(
                [sys.executable, *args], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=120
            )
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        python("served.py", "run", "--tag", "first", "--run-id-file", "run_id")
        seen = json.loads(python("-c", READ))
        end = f"{service.url}/flows/ServedFlow/runs/{seen['run']}/steps/end/tasks"
        (end_task,) = requests.get(end, headers=dict([required]), timeout=10).json()
        assert requests.get(end, timeout=10).status_code == 403

    assert seen == {
        "flow": "ServedFlow",
        "run": (tmp_path / "run_id").read_text(),
        "ok": True,
        "finished": True,
        "steps": ["end", "join", "start", "work"],
        "tasks": {"start": 1, "work": 3, "join": 1, "end": 1},
        "all_seen": ["A", "B", "C"],
        "letters": ["a", "b", "c"],
        "attempts": [0, 1],
        "latest": 1,
        "attempt metadata": ["0", "1"],
        "tags": ["first", "read"],
        "task tags": ["first", "read"],
        "runtime": True,
        "stdout": "the end\n",
        "children": 3,
        "code": True,
    }
    assert end_task["last_heartbeat_ts"] >= end_task["ts_epoch"] // 1000
