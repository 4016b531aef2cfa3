"""How a run ended is told to Slack, PagerDuty and incident.io, whose secrets nothing else gets to see.

The three services are a fake: a pod that takes every message.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from hera_bridge import Kubernetes, Run
from hera_bridge.clients import WORKFLOW
from integration.argo.objects import stored
from integration.argo.places import done
from integration.harness.cluster.cluster import Cluster
from metaflow_provider.deployment import looks
from tests.flows import Place

pytestmark = [pytest.mark.argo, pytest.mark.conformance]

RECEIVER = """
import http.server, json

class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        print(json.dumps([self.path, self.headers["Authorization"], body]), flush=True)
        self.send_response(202)
        self.end_headers()

    def log_message(self, *arguments):
        pass

http.server.HTTPServer(("", 8080), Receiver).serve_forever()
"""
FLOW = """
from metaflow import *

class TrainFlow(FlowSpec):
    fails = Parameter("fails", default=False)

    @step
    def start(self):
        if self.fails:
            raise ValueError("on purpose")
        self.next(self.end)

    @step
    def end(self):
        pass

if __name__ == "__main__":
    TrainFlow()
"""
SECRETS = ("hunter-slack", "hunter-pager", "hunter-incident")


@pytest.fixture
def receiver(cluster: Cluster, name: str) -> Iterator[str]:
    """Name of a pod that takes messages."""
    image = cluster.env["METAFLOW_KUBERNETES_CONTAINER_IMAGE"]
    pod = f"{name}-receiver"
    container = {"name": "main", "image": image, "command": ["python", "-c", RECEIVER]}
    wanted = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": pod, "namespace": cluster.namespace},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 0},
    }
    cluster.kubectl.apply([wanted])
    namespace = f"--namespace={cluster.namespace}"
    cluster.kubectl.run("wait", "pod", pod, namespace, "--for=condition=Ready", "--timeout=120s")
    yield pod
    cluster.kubectl.run("delete", "pod", pod, namespace, "--wait=false")


def messages(cluster: Cluster, receiver: str) -> list[Any]:
    """What has been received: path, authorization and body of each message."""
    said = cluster.kubectl.run("logs", receiver, f"--namespace={cluster.namespace}")
    return [json.loads(line) for line in said.splitlines()]


def everything_said(cluster: Cluster, run: Run) -> str:
    """Objects, events and logs of a run's pods."""
    selector = f"--selector=workflows.argoproj.io/workflow={run.name}"
    namespace = f"--namespace={cluster.namespace}"
    logs = cluster.kubectl.run("logs", selector, namespace, "--all-containers", "--prefix", "--tail=-1")
    objects = cluster.kubectl.run(
        "get", "pods,workflows,workflowtemplates,events", namespace, "--output=json"
    )
    return logs + objects


def test_the_end_of_a_run_is_told(
    kubernetes: Kubernetes, cluster: Cluster, place: Place, name: str, receiver: str
) -> None:
    found = cluster.kubectl.get("pod", receiver, f"--namespace={cluster.namespace}")
    address = f"http://{found['status']['podIP']}:8080"
    services = {
        "METAFLOW_ARGO_PAGER_DUTY_ENDPOINT": address,
        "METAFLOW_ARGO_INCIDENT_IO_ENDPOINT": address,
    }
    place = replace(place, variables={**place.variables, **services})
    place.write(FLOW)
    slack, pager, incident = SECRETS
    deployed = done(
        *(place, name, "create", "--notify-on-error", "--notify-on-success"),
        *("--notify-slack-webhook-url", f"{address}/{slack}"),
        *("--notify-pager-duty-integration-key", pager),
        *("--notify-incident-io-api-key", incident, "--incident-io-alert-source-config-id", "S1"),
    )
    runs = []
    for options in ([], ["--fails", "True"]):
        done(place, name, "trigger", "--run-id-file", "run", *options)
        workflow = (place.folder / "run").read_text().removeprefix("argo-")
        run = Run(kubernetes, stored(kubernetes.get(WORKFLOW, workflow)))
        assert run.wait(300, every=2) == ("FAILED" if options else "SUCCEEDED"), run.failure()
        runs.append(run)
    assert any(len(messages(cluster, receiver)) == 6 for _ in looks(every=1, seconds=60))

    told = messages(cluster, receiver)
    assert Counter((path, authorization) for path, authorization, _ in told) == {
        (f"/{slack}", None): 2,
        ("/v2/change/enqueue", None): 1,
        ("/v2/enqueue", None): 1,
        ("/v2/alert_events/http/S1", f"Bearer {incident}"): 2,
    }
    assert Counter(run.id for run in runs for *_, body in told if run.id in json.dumps(body)) == {
        run.id: 3 for run in runs
    }
    assert {body["routing_key"] for path, _, body in told if path.endswith("enqueue")} == {pager}
    said = "".join([deployed.out, deployed.err, *(everything_said(cluster, run) for run in runs)])
    assert [secret for secret in SECRETS if secret in said] == []
