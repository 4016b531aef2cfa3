"""Step Functions on this machine, in the foreground; and a schedule that comes due now.

    python -m integration.harness.sfn [--folder DIR] [--port 0] [--parallel 2]
    python -m integration.harness.sfn fire SCHEDULE

The first prints a line when the engine is ready, and ends, with all its jobs, on Ctrl-C or SIGTERM. Its
folder has a file `environment`, for shells to source, as long as it is ready.
"""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import socket
import sys
import threading
from pathlib import Path

import requests

from integration.harness.sfn.engine import EngineRefused, ask
from integration.harness.sfn.environment import user_environment
from integration.harness.sfn.server import AwsServer, Settings

PORT = 8766
"""Of the engine, if nobody listens there: what shells have sourced holds for the next engine, too."""


def main() -> int:
    """Run the command; returns its exit status."""
    arguments = _parser().parse_args()
    if arguments.command == "fire":
        return fire(arguments.schedule)
    serve(arguments)
    os._exit(0)  # an exit in order frees what moto holds, which takes seconds after thousands of jobs


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m integration.harness.sfn",
        description="AWS Step Functions and Batch on this machine, in the foreground.",
    )
    parser.add_argument("--folder", type=Path, default=Path("step-functions"), help="for logs and metadata")
    parser.add_argument("--port", type=int, help=f"on loopback; 0 for a free one (default: {PORT} if free)")
    parser.add_argument("--parallel", type=int, default=2, help="how many jobs run at once")
    parser.add_argument("--grace", type=float, default=5.0, help="seconds between SIGTERM and SIGKILL")
    parser.add_argument("--container", action="append", default=[], help="NAME=VALUE for every container")
    commands = parser.add_subparsers(dest="command", title="commands", metavar="[fire]")
    due = commands.add_parser("fire", help="let a schedule come due now; AWS_ENDPOINT_URL says where")
    due.add_argument("schedule", help="its name, which is that of the state machine")
    return parser


def serve(arguments: argparse.Namespace) -> None:
    """Run the engine until a signal comes."""
    folder: Path = arguments.folder.resolve()
    (folder / "home").mkdir(parents=True, exist_ok=True)
    (folder / ".gitignore").write_text("*\n")
    print("Starting Step Functions, Batch, S3 and EventBridge Scheduler ...", file=sys.stderr, flush=True)
    container = dict(pair.split("=", 1) for pair in arguments.container)
    port = _usual_port() if arguments.port is None else arguments.port
    server = AwsServer(Settings(folder, port, arguments.parallel, arguments.grace, container))
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    environment = folder / "environment"
    environment.write_text(_exports(user_environment(server.url, folder)))
    print(f"Ready at {server.url}; in another shell: . {shlex.quote(str(environment))}", flush=True)
    ended.wait()
    environment.unlink(missing_ok=True)
    server.close()


def fire(schedule: str) -> int:
    """Let a schedule come due, and print the ARN of the execution that it starts."""
    url = os.environ.get("AWS_ENDPOINT_URL")
    if not url:
        print("AWS_ENDPOINT_URL is not set: source the engine's environment first", file=sys.stderr)
        return 1
    try:
        print(ask(url, "fire", name=schedule))
    except EngineRefused as refused:
        print(refused, file=sys.stderr)
        return 1
    except requests.ConnectionError:
        print(f"no engine answers at {url}: start it, and source its environment", file=sys.stderr)
        return 1
    return 0


def _usual_port() -> int:
    with socket.socket() as probe:
        return PORT if probe.connect_ex(("127.0.0.1", PORT)) else 0


def _exports(variables: dict[str, str]) -> str:
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())
