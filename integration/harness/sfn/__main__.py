"""Step Functions on this machine, in the foreground.

    python -m integration.harness.sfn [--folder DIR] [--port 0] [--parallel 2]

Prints the environment to use it with; ends, with all its jobs, on Ctrl-C or SIGTERM.
"""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
import threading
from pathlib import Path

from integration.harness.sfn.environment import user_environment
from integration.harness.sfn.server import AwsServer, Settings


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m integration.harness.sfn", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--folder", type=Path, default=Path("step-functions"), help="for logs and metadata")
    parser.add_argument("--port", type=int, default=0, help="on loopback; 0 for a free one")
    parser.add_argument("--parallel", type=int, default=2, help="how many jobs run at once")
    parser.add_argument("--grace", type=float, default=5.0, help="seconds between SIGTERM and SIGKILL")
    parser.add_argument("--container", action="append", default=[], help="NAME=VALUE for every container")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    (folder / "home").mkdir(parents=True, exist_ok=True)
    container = dict(pair.split("=", 1) for pair in arguments.container)
    server = AwsServer(Settings(folder, arguments.port, arguments.parallel, arguments.grace, container))
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    for name, value in user_environment(server.url, folder).items():
        print(f"export {name}={shlex.quote(value)}")
    sys.stdout.flush()
    ended.wait()
    server.close()
    os._exit(0)  # an exit in order frees what moto holds, which takes seconds after thousands of jobs


main()
