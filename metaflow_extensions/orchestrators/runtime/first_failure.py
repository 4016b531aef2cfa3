"""Says which failure of a run came first: an entry like `container`, for the end of a run.

The engine's list of failures is a file, JSON in base64. The failure is printed; a script of the user's gets
it as JSON in METAFLOW_ARGO_ERROR. https://argo-workflows.readthedocs.io/en/latest/variables/#exit-handler
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

FILE = "METAFLOW_ORCHESTRATORS_FAILURES"
SCRIPT = "METAFLOW_ARGO_WORKFLOWS_CAPTURE_ERROR_SCRIPT"
ERROR = "METAFLOW_ARGO_ERROR"
# What is said of a task that is not tried again; why is said of its last try.
_GIVEN_UP = ("No more retries left", "retryStrategy.expression evaluated to false")
_LATE = "9999"

Failure = Mapping[str, Any]


def main() -> int:
    """Print the first failure and hand it to the user's script; returns the script's exit status."""
    failures = failures_in(base64.b64decode(Path(os.environ[FILE]).read_bytes()).decode())
    failure = first_failure(failures)
    if failure is None:
        print("Argo names no failure", flush=True)
    else:
        print(f"{failure.get('displayName', '')}: {failure['message']}", flush=True)
    script = os.environ.get(SCRIPT)
    if not script:
        return 0
    return subprocess.run(["bash", "-c", script], env={**os.environ, ERROR: json.dumps(failure)}).returncode


def failures_in(text: str) -> list[Failure]:
    """The engine's list, which older versions put into a JSON string once more."""
    found: Any = json.loads(text or "[]", strict=False)
    if isinstance(found, str):
        found = json.loads(found, strict=False)
    return list(found or [])


def first_failure(failures: Iterable[Failure]) -> Failure | None:
    """The failure that explains the others: the last one of the template that was the first to give up.

    Example:
        >>> first_failure([{"templateName": "a", "message": "boom", "finishedAt": "2024-01-01T00:00:00Z"}])
        {'templateName': 'a', 'message': 'boom', 'finishedAt': '2024-01-01T00:00:00Z'}
    """
    by_template: dict[str, list[Failure]] = {}
    for failure in sorted((each for each in failures if each.get("message")), key=_finished):
        by_template.setdefault(failure.get("templateName", ""), []).append(failure)
    if not by_template:
        return None
    first = min(by_template.values(), key=lambda group: _finished(group[-1]))
    told = [failure for failure in first if failure["message"] not in _GIVEN_UP]
    return (told or first)[-1]


def _finished(failure: Failure) -> str:
    return str(failure.get("finishedAt") or _LATE)


if __name__ == "__main__":
    sys.exit(main())
