"""The metadata service is asked before anything is deployed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from integration.harness.process import free_port
from metaflow_extensions.orchestrators.plugins.common.metadata_service import (
    IncorrectMetadataServiceVersion,
    check_metadata_service,
)
from metaflow_provider.plan import Refusal


class State:
    """What the check reads of a command's state."""

    class Service(type):
        INFO = ""

    def __init__(self, url: str) -> None:
        kind = State.Service("Metadata", (), {"TYPE": "service"})
        kind.INFO = url
        self.metadata = kind()


@contextmanager
def service(status: int, version: str) -> Iterator[str]:
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("METADATA_SERVICE_VERSION", version)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_a_service_that_is_new_enough() -> None:
    with service(200, "2.5.1") as url:
        check_metadata_service(State(url))


def test_a_service_that_is_too_old() -> None:
    with (
        service(200, "1.0.0") as url,
        pytest.raises(IncorrectMetadataServiceVersion, match=r"version 1\.0\.0"),
    ):
        check_metadata_service(State(url))


def test_a_service_that_is_not_there_is_one_line() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(Refusal) as refusal:
        check_metadata_service(State(url))
    said = str(refusal.value)
    assert said.startswith(f"the metadata service {url} cannot be used: Connection refused; check METAFLOW_")
    assert "\n" not in said


def test_a_service_that_answers_with_an_error() -> None:
    with service(503, "2.5.1") as url, pytest.raises(Refusal, match="it answers 503 Service Unavailable"):
        check_metadata_service(State(url))
