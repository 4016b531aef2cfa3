"""What an operator asks of a backend."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from ..plan import FlowPlan


@dataclass(frozen=True)
class StepCall:
    """One step of one run, for some of its instances.

    Attributes:
        user_retries_left: tries of the user's code after this one; negative when only `@catch` may act.
        series: names the tries since the run began or the task was cleared.
        parameters: for the first step, values as command line text.
        metadata: registered with every task.
    """

    plan: FlowPlan
    step: str
    run_id: str
    members: list[tuple[int, ...]]
    user_retries_left: int
    series: str
    iterations: dict[str, dict[str, int]] = field(default_factory=dict)
    parameters: dict[str, str] | None = None
    metadata: dict[str, str] = field(default_factory=dict)


class Log(Protocol):
    """Takes the output of steps, line by line, as Airflow's and Python's loggers do."""

    def info(self, message: str, /, *arguments: object) -> None:
        """Write a line."""
        ...


class Backend(Protocol):
    """Runs steps somewhere."""

    def run(self, call: StepCall, log: Log) -> list[dict[str, Any]]:
        """Run the step and return the record of each instance.

        Raises:
            AirflowException: it failed, and may be tried again.
            AirflowFailException: it failed for good.
        """
        ...

    def kill(self) -> None:
        """End what `run` started; called from a signal handler."""
        ...
