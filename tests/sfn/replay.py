"""What AWS answered once, answered again: real histories without an engine.

The conversations in `recorded/` were held with the local engine; fields that nobody reads are left out.
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sfn import Aws, Run
from sfn.aws import Execution
from tests.sfn.account import ACCOUNT

FOLDER = Path(__file__).parent / "recorded"


class Replay:
    """An `Aws` whose clients know one conversation, and answer nothing else.

    Args:
        name: of the recording.
    """

    def __init__(self, name: str) -> None:
        self.calls: list[dict[str, Any]] = json.loads(
            (FOLDER / f"{name}.json").read_text(), object_hook=_dated
        )
        self.made: list[tuple[str, dict[str, Any]]] = []
        self.aws = Aws(ACCOUNT)
        for service in ("stepfunctions", "batch", "logs"):
            events = self.aws.client(service).meta.events
            events.register("provide-client-params.*.*", self._sent)
            events.register("before-call.*.*", self._answer)

    def run(self) -> Run:
        """The run that the conversation is about, as it was just after its start."""
        arn = self.calls[0]["arguments"]["executionArn"]
        started = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
        return Run(self.aws, Execution(arn, arn.rsplit(":")[-1], "RUNNING", started))

    def answers(self, action: str) -> list[dict[str, Any]]:
        """The answers to an action, which may be changed."""
        return [call["answer"] for call in self.calls if call["action"] == action]

    def _sent(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.made.append((model.name, params))

    def _answer(self, model: Any, **_: Any) -> Any:
        action, arguments = self.made[-1]
        for call in self.calls:
            if (call["action"], call["arguments"]) == (action, arguments):
                return SimpleNamespace(status_code=200), call["answer"]
        raise AssertionError(f"{model.name} was not asked for when this was recorded: {arguments}")


def _dated(data: dict[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.datetime.fromisoformat(value) if name.endswith("Date") else value
        for name, value in data.items()
    }
