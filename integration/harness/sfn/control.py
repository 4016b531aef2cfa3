"""What tests ask of the engine beside AWS's own API: below /_engine/, in JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request, Response

from integration.harness.sfn.batch.errors import ClientException
from integration.harness.sfn.batch.runner import LOG_GROUP, Runner
from integration.harness.sfn.batch.stubs import Stubs
from integration.harness.sfn.faults import Fault, Faults
from integration.harness.sfn.names import REGION
from integration.harness.sfn.schedules import NotFired, fire

CONTROL = "/_engine/"


class Control:
    """One method a command; its arguments are those of the JSON object that is sent."""

    def __init__(self, runner: Runner, stubs: Stubs, faults: Faults) -> None:
        self._runner = runner
        self._stubs = stubs
        self._faults = faults

    def answer(self, request: Request) -> Response:
        """Run a command: 200 and what it returns, or 400 and why not."""
        command, _, rest = request.path.removeprefix(CONTROL).partition("/")
        if command == "container":
            return _json(container_metadata(rest), 200)
        commands: dict[str, Callable[..., Any]] = {
            "health": lambda: None,
            "fail": self._fail,
            "stub": self._stubs.add,
            "unstub": self._stubs.remove,
            "lose_host": self._runner.lose_host,
            "fire": fire,
        }
        try:
            return _json(commands[command](**json.loads(request.get_data() or b"{}")), 200)
        except (ClientException, NotFired, ImportError, AttributeError) as refused:
            return _json(f"{type(refused).__name__}: {refused}", 400)

    def _fail(self, **fault: Any) -> None:
        self._faults.plan(Fault(**fault))


def container_metadata(stream: str) -> dict[str, Any]:
    """What the ECS agent tells a container about its log.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4.html
    """
    return {
        "LogDriver": "awslogs",
        "LogOptions": {"awslogs-group": LOG_GROUP, "awslogs-region": REGION, "awslogs-stream": stream},
    }


def _json(answer: object, status: int) -> Response:
    return Response(json.dumps(answer), status, content_type="application/json")
