"""What runs at the end of a run: the first failure, and notifications, sent to a real server."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from metaflow_extensions.orchestrators.runtime.first_failure import failures_in, first_failure

RUNTIME = "metaflow_extensions.orchestrators.runtime"
REPOSITORY = Path(__file__).resolve().parents[2]


def run(entry: str, **variables: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY), **variables}
    command = [sys.executable, "-m", f"{RUNTIME}.{entry}"]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)


def failure(template: str, message: str, second: int) -> dict[str, str]:
    return {
        "templateName": template,
        "displayName": f"{template}(0)",
        "message": message,
        "finishedAt": f"2024-01-01T00:00:{second:02}Z",
    }


FAILURES = [
    failure("later", "consequence", 30),
    failure("train", "No more retries left", 21),
    failure("train", "boom: first", 10),
    failure("train", "boom: last", 20),
    failure("gate", "", 1),
]


def test_the_failure_that_explains_the_others_is_the_last_of_the_first_template_that_gave_up() -> None:
    found = first_failure(FAILURES)
    assert found is not None
    assert found["message"] == "boom: last"
    not_again = failure("train", "retryStrategy.expression evaluated to false", 21)
    assert first_failure([not_again, FAILURES[3]]) == FAILURES[3]
    assert first_failure([FAILURES[-1]]) is None
    assert first_failure([FAILURES[1]]) == FAILURES[1]


def test_failures_may_be_in_a_string_of_json() -> None:
    assert failures_in(json.dumps(json.dumps(FAILURES))) == failures_in(json.dumps(FAILURES)) == FAILURES
    assert failures_in("null") == failures_in("") == []


def test_a_script_gets_the_first_failure(tmp_path: Path) -> None:
    file = tmp_path / "failures"
    file.write_bytes(base64.b64encode(json.dumps(FAILURES).encode()))
    done = run(
        "first_failure",
        METAFLOW_ORCHESTRATORS_FAILURES=str(file),
        METAFLOW_ARGO_WORKFLOWS_CAPTURE_ERROR_SCRIPT='echo "told: $METAFLOW_ARGO_ERROR"; exit 3',
    )
    assert done.returncode == 3
    first, told = done.stdout.splitlines()
    assert first == "train(0): boom: last"
    assert json.loads(told.removeprefix("told: "))["templateName"] == "train"


class Receiver(BaseHTTPRequestHandler):
    """Keeps what is posted; answers what it is told to, in turn."""

    posts: list[tuple[str, dict[str, str], Any]]
    answers: list[int]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.posts.append((self.path, dict(self.headers), json.loads(body)))
        self.send_response(self.answers.pop(0) if self.answers else 200)
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[tuple[str, type[Receiver]]]:
    class Own(Receiver):
        posts: list[tuple[str, dict[str, str], Any]] = []  # noqa: RUF012 - one class a test
        answers: list[int] = []  # noqa: RUF012

    server = HTTPServer(("127.0.0.1", 0), Own)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", Own
    server.shutdown()


def send(message: dict[str, Any], secret: str) -> subprocess.CompletedProcess[str]:
    return run(
        "notification",
        METAFLOW_ORCHESTRATORS_MESSAGE=json.dumps(message),
        METAFLOW_ORCHESTRATORS_MESSAGE_SECRET=secret,
        no_proxy="*",
    )


def test_an_address_is_the_secret_of_a_webhook(receiver: tuple[str, type[Receiver]]) -> None:
    url, server = receiver
    done = send({"body": {"text": "done"}, "secret": "url"}, f"{url}/hook/abc\n")
    assert (done.returncode, done.stdout.strip()) == (0, "Delivered: HTTP 200"), done.stderr
    [(path, _, body)] = server.posts
    assert (path, body) == ("/hook/abc", {"text": "done"})


def test_a_secret_is_a_header_or_a_field_of_the_body(receiver: tuple[str, type[Receiver]]) -> None:
    url, server = receiver
    send({"url": f"{url}/a", "body": {}, "secret": "bearer"}, "s3cret")
    send({"url": f"{url}/b", "body": {"x": 1}, "secret": "routing_key"}, "s3cret")
    (_, headers, _), (_, _, body) = server.posts
    assert headers["Authorization"] == "Bearer s3cret"
    assert body == {"x": 1, "routing_key": "s3cret"}


@pytest.mark.parametrize(
    ("message", "secret"),
    [
        ({"body": {}, "secret": "url"}, "T000/B000/s3cret"),
        ({"body": {}, "secret": "url"}, "https://127.0.0.1:s3cret/"),
        ({"body": {}, "secret": "url"}, "http://127.0.0.1/a s3cret"),
        ({"url": "http://127.0.0.1", "body": {}, "secret": "bearer"}, "s3cret\nmore"),
    ],
)
def test_a_secret_that_cannot_be_sent_is_not_shown(message: dict[str, Any], secret: str) -> None:
    done = send(message, secret)
    assert done.returncode == 1
    assert done.stderr.startswith("The notification was not delivered: ")
    assert done.stderr.endswith(": the secret is no address, or no key\n")
    assert "s3cret" not in done.stdout + done.stderr


def test_a_busy_receiver_is_asked_again_and_a_refusal_is_final(receiver: tuple[str, type[Receiver]]) -> None:
    url, server = receiver
    server.answers += [503]
    assert send({"body": {}, "secret": "url"}, url).returncode == 0
    assert len(server.posts) == 2
    server.answers += [404]
    done = send({"body": {}, "secret": "url"}, f"{url}/hook/abc")
    assert (done.returncode, len(server.posts)) == (1, 3)
    assert done.stderr.strip() == "The notification was not delivered: HTTP 404"
    assert "abc" not in done.stdout + done.stderr
