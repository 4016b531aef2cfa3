"""A pod that takes every message which is sent to it: stands for services outside of the cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from integration.harness.cluster.cluster import Cluster

_PORT = 8080
_PROGRAM = f"""
import http.server, json

class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        print(json.dumps([self.path, self.headers["Authorization"], body]), flush=True)
        self.send_response(202)
        self.end_headers()

    def log_message(self, *arguments):
        pass

http.server.HTTPServer(("", {_PORT}), Receiver).serve_forever()
"""


@dataclass(frozen=True)
class Receiver:
    """A pod that runs.

    Attributes:
        pod: its name.
    """

    cluster: Cluster
    pod: str

    @property
    def address(self) -> str:
        """Where pods reach it."""
        found = self.cluster.kubectl.get("pod", self.pod, f"--namespace={self.cluster.namespace}")
        return f"http://{found['status']['podIP']}:{_PORT}"

    def messages(self) -> list[Any]:
        """Path, authorization and body of each message."""
        said = self.cluster.kubectl.run("logs", self.pod, f"--namespace={self.cluster.namespace}")
        return [json.loads(line) for line in said.splitlines()]


@contextmanager
def running_receiver(cluster: Cluster, pod: str) -> Iterator[Receiver]:
    """A receiver that takes messages."""
    image = cluster.env["METAFLOW_KUBERNETES_CONTAINER_IMAGE"]
    container = {"name": "main", "image": image, "command": ["python", "-c", _PROGRAM]}
    wanted = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": pod, "namespace": cluster.namespace},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 0},
    }
    cluster.kubectl.apply([wanted])
    namespace = f"--namespace={cluster.namespace}"
    cluster.kubectl.run("wait", "pod", pod, namespace, "--for=condition=Ready", "--timeout=120s")
    yield Receiver(cluster, pod)
    cluster.kubectl.run("delete", "pod", pod, namespace, "--wait=false")
