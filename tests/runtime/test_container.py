"""The entry of a task in a container: what it reads from its variables, and what it leaves for the engine."""

from __future__ import annotations

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
        if self.input == 20:
            raise ValueError("always")
        self.next(self.again)

    @step
    def again(self):
        self.n += 1
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


def run(store: Store, flow: Path, step: str, task: str, request: dict[str, Any], **variables: str) -> Outcome:
    """Run a task as its container does."""
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
    done = subprocess.run(
        ENTRY,
        cwd=flow.parent,
        env={**store.env, **own, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    return Outcome(done.returncode, done.stdout, [])


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
        ("[1]", 3, "The run's parameters are no JSON object"),
        ("{", 3, "The run's parameters are no JSON"),
    ],
)
def test_parameters_that_are_none(s3: Store, flow: Path, content: Any, status: int, said: str) -> None:
    Bucket(s3).put(parameters_key("Contained", RUN), content)
    done = start(s3, flow, {}, METAFLOW_ORCHESTRATORS_PARAMETERS="given")
    assert (done.status, "Traceback" in done.output) == (status, False), done.output
    assert said in done.output
