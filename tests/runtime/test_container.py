"""The entry of a task in a container: what it reads from its variables, and what it leaves for the engine."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from metaflow_extensions.orchestrators.core.hand_over import parameters_key, record_key
from tests.runtime.harness import RUN, Outcome, Store

ENTRY = [sys.executable, "-m", "metaflow_extensions.orchestrators.runtime.container"]

FLOW = """
import os, time

from metaflow import FlowSpec, JSONType, Parameter, catch, current, retry, step

class Contained(FlowSpec):
    text = Parameter("text", default="nothing")
    data = Parameter("data", type=JSONType, default="{}")
    flag = Parameter("flag", type=bool, default=True)

    @step
    def start(self):
        self.numbers = [10, 20, 30]
        self.next(self.body, foreach="numbers")

    @catch(var="problem")
    @retry(times=1, minutes_between_retries=0)
    @step
    def body(self):
        self.n = 0
        if os.environ.get("WAIT"):
            print("waiting", flush=True)
            time.sleep(60)
        if self.input == 20:
            raise ValueError("always")
        self.next(self.again)

    @step
    def again(self):
        self.n += 1
        if os.environ.get("FAIL"):
            raise ValueError("always")
        self.way = "on" if self.n < 2 else "out"
        self.next({"on": self.again, "out": self.join}, condition="way")

    @step
    def join(self, inputs):
        self.counts = [i.n for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass

if __name__ == "__main__":
    Contained()
"""


@pytest.fixture
def flow(s3: Store) -> Path:
    file = s3.folder / "code" / "flow.py"
    file.parent.mkdir()
    file.write_text(FLOW)
    return file


class Bucket:
    """The store's objects, as an engine sees them."""

    def __init__(self, store: Store) -> None:
        variables = store.variables
        self._name, _, self._root = store.root.removeprefix("s3://").partition("/")
        self._client = boto3.client(
            "s3",
            endpoint_url=variables["METAFLOW_S3_ENDPOINT_URL"],
            aws_access_key_id="any",
            aws_secret_access_key="any",
            region_name="us-east-1",
        )

    def read(self, key: str) -> Any:
        return json.load(self._client.get_object(Bucket=self._name, Key=f"{self._root}/{key}")["Body"])

    def put(self, key: str, content: Any) -> None:
        self._client.put_object(Bucket=self._name, Key=f"{self._root}/{key}", Body=json.dumps(content))


def started(
    store: Store, flow: Path, step: str, task: str, request: dict[str, Any], **variables: str
) -> subprocess.Popen[str]:
    """A task's process, as its container starts it."""
    static = {
        "flow_file": flow.name,
        "flow": "Contained",
        "datastore": store.kind,
        "datastore_root": store.root,
        "options": ["--quiet", "--no-pylint", "--metadata=local", "--datastore=s3"],
        "series": "1",
        "run_name_field": "engine-run",
        "retries": {"by_engine": True},
        **request,
    }
    own = {
        "METAFLOW_ORCHESTRATORS_REQUEST": json.dumps(static),
        "METAFLOW_RUN_ID": RUN,
        "METAFLOW_STEP_NAME": step,
        "METAFLOW_ORCHESTRATORS_TASK": task,
    }
    return subprocess.Popen(
        ENTRY,
        cwd=flow.parent,
        env={**store.env, **own, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(store: Store, flow: Path, step: str, task: str, request: dict[str, Any], **variables: str) -> Outcome:
    """Run a task as its container does."""
    with started(store, flow, step, task, request, **variables) as process:
        output, _ = process.communicate(timeout=60)
    return Outcome(process.returncode, output, [])


def start(store: Store, flow: Path, defaults: dict[str, str], **variables: str) -> Outcome:
    request = {"parameters": defaults}
    return run(store, flow, "start", "t", request, METAFLOW_ORCHESTRATORS_HAND_OVER="items", **variables)


def test_values_of_parameters_arrive_whatever_they_are(s3: Store, flow: Path) -> None:
    hostile = 'it\'s "quoted" $HOME `id` {% $x %} {{ y }}\n😀' + "a" * 100_000
    given = {"text": hostile, "data": {"a": [None, False]}, "flag": None}
    # Step Functions stores a text as a JSON string.
    Bucket(s3).put(parameters_key("Contained", RUN), json.dumps(given))
    done = start(s3, flow, {"text": "deploy-time"}, METAFLOW_ORCHESTRATORS_PARAMETERS="given")
    assert done.status == 0, done.output
    values = s3.client(f"[Task('Contained/{RUN}/start/t')[n].data for n in ('text', 'data', 'flag')]")
    assert values == [hostile, {"a": [None, False]}, True]


def test_values_of_parameters_arrive_in_the_environment(s3: Store, flow: Path) -> None:
    hostile = 'it\'s "quoted" $HOME `id` {% $x %} {{ y }}\n😀'
    given = "text:" + json.dumps({"text": hostile, "flag": None}, ensure_ascii=False)
    done = start(s3, flow, {"text": "deploy-time"}, METAFLOW_ORCHESTRATORS_PARAMETERS=given)
    assert done.status == 0, done.output
    values = s3.client(f"[Task('Contained/{RUN}/start/t')[n].data for n in ('text', 'flag')]")
    assert values == [hostile, True]


def test_defaults_of_the_deployment_hold_where_nothing_is_given(s3: Store, flow: Path) -> None:
    assert start(s3, flow, {"text": "deploy-time"}).status == 0
    assert s3.client(f"Task('Contained/{RUN}/start/t')['text'].data") == "deploy-time"


def test_the_engine_finds_what_a_task_did(s3: Store, flow: Path) -> None:
    start(s3, flow, {})
    assert Bucket(s3).read(record_key("Contained", RUN, "start", "t")) == [0, 1, 2]
    assert run(s3, flow, "body", "t-0", {}).status == 0
    no_loop = {"METAFLOW_ORCHESTRATORS_ITERATIONS": ""}
    for task, way in (("t-0", "again"), ("t-0-i1", "join")):
        done = run(s3, flow, "again", task, {}, METAFLOW_ORCHESTRATORS_HAND_OVER="record", **no_loop)
        assert done.status == 0, done.output
        assert Bucket(s3).read(record_key("Contained", RUN, "again", task)) == {"next": [way], "n": None}
    metadata = s3.client(f"Task('Contained/{RUN}/again/t-0-i1').metadata_dict")
    assert metadata["engine-run"] == RUN.partition("-")[2]


def file_of(folder: Path, values: dict[str, str]) -> str:
    """A file with a run's values, and where the entry is told to look for them."""
    file = folder / "values"
    file.write_bytes(base64.b64encode(json.dumps(values).encode()))
    return f"file:{file}"


def test_values_of_parameters_in_a_file_are_json_or_else_text(s3: Store, flow: Path) -> None:
    hostile = 'it\'s "quoted" $HOME `id` {{workflow.name}}\n😀'
    given = {"text": json.dumps(hostile), "data": json.dumps(json.dumps({"a": [1.10]})), "flag": "null"}
    done = start(s3, flow, {}, METAFLOW_ORCHESTRATORS_PARAMETERS=file_of(s3.folder, given))
    assert done.status == 0, done.output
    values = s3.client(f"[Task('Contained/{RUN}/start/t')[n].data for n in ('text', 'data', 'flag')]")
    assert values == [hostile, {"a": [1.10]}, True]


def test_values_that_are_no_texts_of_json_are_taken_as_they_are(s3: Store, flow: Path) -> None:
    given = {"text": "1.10", "data": '{"b": 2}', "flag": "false"}
    done = start(s3, flow, {}, METAFLOW_ORCHESTRATORS_PARAMETERS=file_of(s3.folder, given))
    assert done.status == 0, done.output
    values = s3.client(f"[Task('Contained/{RUN}/start/t')[n].data for n in ('text', 'data', 'flag')]")
    assert values == ["1.10", {"b": 2}, False]


def test_a_value_that_is_too_long_for_the_engine_is_in_the_datastore(s3: Store, flow: Path) -> None:
    saved = (
        "__import__('metaflow.datastore', fromlist=['any']).FlowDataStore('Contained', None, "
        "storage_impl=next(d for d in __import__('metaflow.plugins', fromlist=['any']).DATASTORES "
        f"if d.TYPE == 's3'), ds_root={s3.root!r}).save_data([b'long ' * 50_000])[0][1]"
    )
    given = {"text": json.dumps({"metaflow-stored": s3.client(saved)})}
    done = start(s3, flow, {}, METAFLOW_ORCHESTRATORS_PARAMETERS=file_of(s3.folder, given))
    assert done.status == 0, done.output
    assert s3.client(f"Task('Contained/{RUN}/start/t')['text'].data == 'long ' * 50_000")


def test_files_tell_the_engine_what_a_task_did(s3: Store, flow: Path) -> None:
    told = s3.folder / "told"
    variables = {"METAFLOW_ORCHESTRATORS_HAND_OVER": f"files:{told}"}
    done = run(s3, flow, "start", "t", {"parameters": {}}, **variables)
    assert done.status == 0, done.output
    assert (told / "n").read_text() == "3"
    assert run(s3, flow, "body", "t-0", {}).status == 0
    done = run(s3, flow, "again", "t-0", {"loop": True, "retries": {}}, **variables)
    assert done.status == 0, done.output
    assert [(told / name).read_text() for name in ("next", "iterations")] == ["join", "2"]
    assert s3.client(f"sorted(t.id for t in Step('Contained/{RUN}/again'))") == ["t-0", "t-0-i1"]


def test_tries_are_told_apart_by_the_engines_jobs(s3: Store, flow: Path) -> None:
    start(s3, flow, {})
    retries = {"retries": {"by_engine": True, "user": 1, "error": 3}}
    tries = [
        run(s3, flow, "body", "t-1", retries, METAFLOW_ORCHESTRATORS_JOB=job).status
        for job in ("pod-1", "pod-2")
    ]
    assert tries == [1, 0]
    problem = s3.client(f"str(Task('Contained/{RUN}/body/t-1')['problem'].data)")
    assert problem.strip().endswith("ValueError: always")


def test_a_try_that_was_terminated_costs_none(s3: Store, flow: Path) -> None:
    start(s3, flow, {})
    retries = {"retries": {"by_engine": True, "user": 1, "losses_are_free": True}}
    variables = {"METAFLOW_ORCHESTRATORS_JOB": "pod-0", "WAIT": "1"}
    with started(s3, flow, "body", "t-1", retries, **variables) as process:
        assert process.stdout is not None
        assert "waiting" in process.stdout.readline()
        process.terminate()
        assert process.wait(timeout=60) == 143
    tries = [
        run(s3, flow, "body", "t-1", retries, METAFLOW_ORCHESTRATORS_JOB=job).status
        for job in ("pod-1", "pod-2")
    ]
    # @catch acts in the last of the two tries that @retry allows.
    assert tries == [1, 0]
    assert s3.client(f"str(Task('Contained/{RUN}/body/t-1')['problem'].data)").strip().endswith("always")


def test_the_engine_is_told_that_no_try_is_left(s3: Store, flow: Path) -> None:
    start(s3, flow, {})
    assert run(s3, flow, "body", "t-0", {}).status == 0
    retries = {"retries": {"by_engine": True, "user": 1, "losses_are_free": True}}
    tries = [
        run(s3, flow, "again", "t-0", retries, METAFLOW_ORCHESTRATORS_JOB=job, FAIL="1").status
        for job in ("pod-1", "pod-2")
    ]
    assert tries == [1, 3]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("elsewhere", "The run's parameters are in an unknown place: 'elsewhere'"),
        ("file:/nowhere", "The run's parameters cannot be read"),
    ],
)
def test_values_that_cannot_be_read_end_the_task_for_good(
    s3: Store, flow: Path, place: str, said: str
) -> None:
    done = start(s3, flow, {}, METAFLOW_ORCHESTRATORS_PARAMETERS=place)
    assert (done.status, "Traceback" in done.output) == (3, False), done.output
    assert said in done.output


def test_catch_acts_after_the_tries_that_failed(s3: Store, flow: Path) -> None:
    start(s3, flow, {})
    retries = {"retries": {"by_engine": True, "user": 1, "error": 3}}
    tries = [
        run(s3, flow, "body", "t-1", retries, AWS_BATCH_JOB_ID=job, AWS_BATCH_JOB_ATTEMPT="1").status
        for job in ("one", "two")
    ]
    assert tries == [1, 0]
    problem = s3.client(f"str(Task('Contained/{RUN}/body/t-1')['problem'].data)")
    assert problem.strip().endswith("ValueError: always")


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (None, 0, ""),
        ("null", 0, ""),
        ("[1]", 3, "The run's parameters are a JSON list, not an object"),
        ("{", 3, "The run's parameters are no JSON"),
    ],
)
def test_parameters_that_are_none(s3: Store, flow: Path, content: Any, status: int, said: str) -> None:
    Bucket(s3).put(parameters_key("Contained", RUN), content)
    done = start(s3, flow, {}, METAFLOW_ORCHESTRATORS_PARAMETERS="given")
    assert (done.status, "Traceback" in done.output) == (status, False), done.output
    assert said in done.output
