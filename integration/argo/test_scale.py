"""Wide and long: bodies are stubbed by pod-less templates, what is around them runs in pods."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from hera.workflows import models

from hera_bridge import ArgoServer, Kubernetes, Run
from hera_bridge.translation.shapes import is_shared
from integration.argo.places import compiled
from integration.harness.cluster.cluster import Cluster
from integration.harness.script import said_by
from integration.harness.stubbed_task import StubbedTask
from metaflow_provider.deployment import looks
from tests.flows import Place

pytestmark = [pytest.mark.argo, pytest.mark.conformance]

WIDTH = 1000
ROWS, LENGTH = 10, 50
SECONDS = 900
WRITERS = 8
WIDE = f"""
from metaflow import *

class Wide(FlowSpec):
    @step
    def start(self):
        self.numbers = list(range({WIDTH}))
        self.next(self.body, foreach="numbers")

    @step
    def body(self):
        self.number = self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.seen = [i.number for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass

if __name__ == "__main__":
    Wide()
"""


def long_flow() -> str:
    """A flow of ROWS rows of LENGTH steps beside each other."""
    rows = [[f"row_{row}_{place}" for place in range(LENGTH)] for row in range(ROWS)]
    first = ", ".join(f"self.{row[0]}" for row in rows)
    steps = [f"@step\n    def start(self):\n        self.next({first})"]
    for row in rows:
        for name, following in zip(row, [*row[1:], "join"], strict=True):
            steps.append(f"@step\n    def {name}(self):\n        self.next(self.{following})")
    steps += [
        "@step\n    def join(self, inputs):\n        self.seen = [i.row for i in inputs]\n"
        "        self.next(self.end)",
        "@step\n    def end(self):\n        pass",
    ]
    body = "\n\n    ".join(steps)
    main = 'if __name__ == "__main__":\n    Long()\n'
    return f"from metaflow import *\n\nclass Long(FlowSpec):\n    {body}\n\n{main}"


@dataclass(frozen=True)
class Bucket:
    """The cluster's datastore."""

    env: dict[str, str]
    clients: threading.local

    def get(self, key: str) -> bytes:
        body: bytes = self._client().get_object(**self._place(key))["Body"].read()
        return body

    def put(self, key: str, content: bytes) -> None:
        self._client().put_object(**self._place(key), Body=content)

    def _place(self, key: str) -> dict[str, str]:
        root = urlsplit(self.env["METAFLOW_DATASTORE_SYSROOT_S3"])
        return {"Bucket": root.netloc, "Key": f"{root.path.strip('/')}/{key}"}

    def _client(self) -> Any:
        if not hasattr(self.clients, "s3"):
            self.clients.s3 = boto3.session.Session().client(
                "s3", endpoint_url=self.env["METAFLOW_S3_ENDPOINT_URL"]
            )
        return self.clients.s3


def stub(template: models.Template, duration: str | None) -> None:
    """Let a step do nothing, for good if there is no duration: until the run is told to go on."""
    template.container = template.retry_strategy = template.outputs = None
    template.suspend = models.SuspendTemplate(duration=duration)


def waiting(run: Run) -> int:
    """How many stubbed tasks wait until the run goes on."""
    run.refresh()
    nodes = run.workflow.get("status", {}).get("nodes", {}).values()
    return sum(node["type"] == "Suspend" and node["phase"] == "Running" for node in nodes)


def seen_by_join(place: Place, pathspec: str) -> Any:
    return said_by(
        f"""
        from metaflow import Run, namespace
        namespace(None)
        said = Run("{pathspec}")["join"].task["seen"].data
        """,
        place.folder,
        place.env,
    )


def test_a_foreach_of_1000(
    kubernetes: Kubernetes, argo_server: ArgoServer, cluster: Cluster, place: Place, name: str
) -> None:
    bundle = compiled(place, name, WIDE)
    stub(bundle.step("body"), None)
    run = bundle.deploy(kubernetes).trigger()
    assert any(waiting(run) == WIDTH for _ in looks(every=2, seconds=SECONDS)), run.failure()
    bucket = Bucket(cluster.env, threading.local())

    def leave(index: int) -> None:
        StubbedTask(bucket, "Wide", run.id, "body", f"t-{index}").leave_item("join", number=index)

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(leave, range(WIDTH)))
    argo_server.unsuspend(run.name)
    assert run.wait(SECONDS, every=2) == "SUCCEEDED", run.failure()
    assert seen_by_join(place, f"Wide/{run.id}") == list(range(WIDTH))


def test_a_flow_of_500_steps(
    kubernetes: Kubernetes, argo_server: ArgoServer, cluster: Cluster, place: Place, name: str
) -> None:
    bundle = compiled(place, name, long_flow())
    for step in ("start", "join", "end"):
        bundle.step(step)
    for row in range(ROWS):
        stub(bundle.step(f"row_{row}_{LENGTH - 1}"), None)
    templates: Any = bundle.workflow_template.templates
    [shared] = [template for template in templates if is_shared(template)]
    stub(shared, "0")
    run = bundle.deploy(kubernetes).trigger()
    assert any(waiting(run) == ROWS for _ in looks(every=2, seconds=SECONDS)), run.failure()
    bucket = Bucket(cluster.env, threading.local())
    for row in range(ROWS):
        StubbedTask(bucket, "Long", run.id, f"row_{row}_{LENGTH - 1}", "t").leave(["join"], row=row)
    argo_server.unsuspend(run.name)
    assert run.wait(SECONDS, every=2) == "SUCCEEDED", run.failure()
    assert seen_by_join(place, f"Long/{run.id}") == list(range(ROWS))
