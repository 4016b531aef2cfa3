"""The entry of every task: `python -m metaflow_extensions.orchestrators.runtime.task REQUEST RESULT`.

REQUEST is a file with a `TaskRequest`, RESULT the file that gets the records of what was done. Exit
status 0: done; 1: a try failed and the engine may make another; 3: failed for good; 143: terminated.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from .request import parse_request, write_records
from .supervisor import Supervisor, TaskFailed


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the request asks for; returns the exit status."""
    parser = argparse.ArgumentParser(prog="metaflow_extensions.orchestrators.runtime.task")
    parser.add_argument("request", type=Path)
    parser.add_argument("result", type=Path)
    parser.add_argument("--lifeline", type=int, default=None, help="a file descriptor: its end ends the task")
    options = parser.parse_args(arguments)
    prepare_environment()
    request = parse_request(options.request.read_text(encoding="utf-8"))
    try:
        records = Supervisor(request, options.lifeline).run()
    except TaskFailed as failure:
        print(failure, file=sys.stderr, flush=True)
        return failure.status
    write_records(options.result, records)
    return 0


def prepare_environment() -> None:
    """Set what Metaflow reads when it is imported; a gang starts its nodes with the first python on PATH."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    os.environ.setdefault("METAFLOW_S3_WORKER_COUNT", str(2 * cpus))
    os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", os.defpath)


if __name__ == "__main__":
    sys.exit(main())
