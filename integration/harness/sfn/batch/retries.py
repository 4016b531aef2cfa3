"""Whether Batch makes another attempt.

https://docs.aws.amazon.com/batch/latest/userguide/job_retries.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

EXITED = "Essential container in task exited"
TIMED_OUT = "Job attempt duration exceeded timeout"
NOT_STARTED = "Task failed to start"
HOST_LOST = "Host EC2 (instance {instance}) terminated."


@dataclass(frozen=True)
class Ending:
    """How an attempt ended.

    Args:
        status_reason: the texts above, or what who terminated it said.
        exit_code: of the container, if it exited by itself.
        reason: what the container's agent adds.
    """

    status_reason: str
    exit_code: int | None = None
    reason: str | None = None

    @property
    def succeeded(self) -> bool:
        return self.status_reason == EXITED and self.exit_code == 0


def again(ending: Ending, strategy: dict[str, Any], attempts: int) -> bool:
    """Whether a failed attempt, the `attempts`-th, is followed by another one.

    Without a rule that matches, an attempt is made again; after a timeout never.

    Example:
        again(Ending(EXITED, exit_code=1), {"attempts": 2}, attempts=1)
    """
    if attempts >= strategy.get("attempts", 1) or ending.status_reason == TIMED_OUT:
        return False
    for rule in strategy.get("evaluateOnExit") or []:
        if _matches(rule, ending):
            return bool(rule["action"].upper() == "RETRY")
    return True


def _matches(rule: dict[str, str], ending: Ending) -> bool:
    seen = {
        "onExitCode": "" if ending.exit_code is None else str(ending.exit_code),
        "onReason": ending.reason or "",
        "onStatusReason": ending.status_reason,
    }
    return all(_fits(rule[name], text) for name, text in seen.items() if name in rule)


def _fits(pattern: str, text: str) -> bool:
    # An asterisk counts at the end only.
    if pattern.endswith("*"):
        return text.lower().startswith(pattern[:-1].lower())
    return text.lower() == pattern.lower()
