"""Events of tasks reach the address that is configured, as stock Metaflow's would."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from integration.harness.process import base_env, free_port
from integration.harness.script import said_by

SCRIPT = """
from types import SimpleNamespace

from metaflow import current
from metaflow_extensions.orchestrators.plugins.common.argo_events import emit

flow = SimpleNamespace(name="Train")
current._set_env(flow=flow, run_id="argo-a", step_name="finish", task_id="t", retry_count=0)
current._update_env({"project_name": "demo", "project_flow_name": "demo.prod.Train"})
emit("Train", "finish", "finish")
said = True
"""


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A web hook, and what it was sent."""
    received: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", received
    server.shutdown()
    thread.join()
    server.server_close()


def env(url: str) -> dict[str, str]:
    return {**base_env(), "METAFLOW_ARGO_EVENTS_WEBHOOK_URL": url, "ARGO_WORKFLOW_TEMPLATE": "train"}


def test_the_last_step_has_two_events(receiver: tuple[str, list[dict[str, Any]]], tmp_path: Path) -> None:
    url, received = receiver
    said_by(SCRIPT, tmp_path, env(url))
    names = ["metaflow.demo.prod.Train.finish", "metaflow.demo.prod.Train.end"]
    assert [event["name"] for event in received] == names
    for event in received:
        assert {
            "id": "Train/argo-a/finish/t",
            "pathspec": "Train/argo-a/finish/t",
            "flow_name": "Train",
            "run_id": "argo-a",
            "step_name": "finish",
            "task_id": "t",
            "project_name": "demo",
            "project_flow_name": "demo.prod.Train",
            "auto-generated-by-metaflow": "True",
        }.items() <= event["payload"].items()


def test_nobody_listens(tmp_path: Path) -> None:
    assert said_by(
        SCRIPT, tmp_path, {**env(f"http://127.0.0.1:{free_port()}"), "METAFLOW_SERVICE_RETRY_COUNT": "1"}
    )
