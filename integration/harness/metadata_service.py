"""A small Metaflow metadata service, in memory, for runs whose ids an orchestrator gives.

    python -m integration.harness.metadata_service --port 8080 [--host 127.0.0.1]
        [--require-header "x-api-key: VALUE"]

What it answers is in `metadata_routes.py`.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from integration.harness.metadata_routes import Refused, Request, Store, find_route
from integration.harness.process import Server, ServerProcess, answers, base_env, free_port

VERSION = "2.5.1"  # clients ask before they mutate tags or filter tasks


class Handler(BaseHTTPRequestHandler):
    """One connection: checks the required header, finds the route, answers in JSON."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for the client's acknowledgement
    server: MetadataServer

    def answer(self) -> None:
        # Read before anything is refused: the next request comes on the same connection.
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            self.reply(200, self.dispatch(sent))
        except Refused as refusal:
            self.reply(refusal.status, json.dumps({"message": str(refusal)}))

    do_GET = do_POST = do_PATCH = answer

    def dispatch(self, sent: bytes) -> str:
        """The answer, in JSON."""
        required = self.server.required_header
        if required is not None and self.headers.get(required[0]) != required[1]:
            raise Refused(403, f"the header {required[0]} is missing or wrong")
        url = urlsplit(self.path)
        if url.path == "/ping":
            return json.dumps("pong")
        route, path = find_route(self.command, url.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        request = Request(path, query, json.loads(sent or b"{}"))
        with self.server.lock:
            return json.dumps(route(self.server.store, request))

    def reply(self, status: int, body: str) -> None:
        encoded = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(encoded)))
        self.send_header("METADATA_SERVICE_VERSION", VERSION)
        self.end_headers()
        self.wfile.write(encoded)


class MetadataServer(ThreadingHTTPServer):
    """The service on one address, empty at its start."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, required_header: tuple[str, str] | None) -> None:
        super().__init__((host, port), Handler)
        self.store = Store()
        self.lock = threading.Lock()
        self.required_header = required_header


class MetadataService(Server):
    """The service as a process of its own on a free loopback port.

    Args:
        logs: folder for its log, one line a request.
        required_header: name and value that every request must carry; anything else is answered 403.

    Example:
        with MetadataService(tmp_path) as service:
            subprocess.run([sys.executable, "flow.py", "run"], env={**base_env(), **service.env}, check=True)
    """

    def __init__(self, logs: Path, required_header: tuple[str, str] | None = None) -> None:
        self._logs = logs
        self._required_header = required_header
        self._process: ServerProcess | None = None
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        env = {"METAFLOW_DEFAULT_METADATA": "service", "METAFLOW_SERVICE_URL": self.url}
        if self._required_header:
            env["METAFLOW_SERVICE_HEADERS"] = json.dumps(dict([self._required_header]))
        return env

    def start(self) -> None:
        command = [sys.executable, "-m", __name__, "--port", str(self.port)]
        if self._required_header:
            command += ["--require-header", ": ".join(self._required_header)]
        self._process = ServerProcess(command, base_env(), self._logs / "metadata_service.log")
        headers = dict([self._required_header]) if self._required_header else None
        self._process.wait_for(lambda: answers(self.url + "/ping", headers), seconds=10)

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()


def header(text: str) -> tuple[str, str]:
    name, separator, value = text.partition(":")
    if not separator:
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form NAME: VALUE")
    return name.strip(), value.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description="A Metaflow metadata service in memory, for tests.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--require-header", type=header, metavar="'NAME: VALUE'")
    args = parser.parse_args()
    MetadataServer(args.host, args.port, args.require_header).serve_forever()


if __name__ == "__main__":
    main()
