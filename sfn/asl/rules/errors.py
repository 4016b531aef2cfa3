"""Retry and Catch: names of errors, and that no rule hides another.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

from collections.abc import Iterator

from ..finding import Finding
from ..machine import StateMachine
from ..parts import Catch, Retry
from ..place import places

ALL = "States.ALL"
KNOWN = frozenset(
    f"States.{name}"
    for name in (
        "ALL",
        "BranchFailed",
        "DataLimitExceeded",
        "ExceedToleratedFailureThreshold",
        "HeartbeatTimeout",
        "Http.Socket",
        "IntrinsicFailure",
        "ItemReaderFailed",
        "NoChoiceMatched",
        "ParameterPathFailure",
        "Permissions",
        "QueryEvaluationError",
        "ResultPathMatchFailure",
        "ResultWriterFailed",
        "Runtime",
        "TaskFailed",
        "Timeout",
    )
)


def findings(machine: StateMachine) -> Iterator[Finding]:
    """Everything about Retry and Catch."""
    for place in places(machine):
        for field in ("retry", "catch"):
            rules = getattr(place.state, field, None) or ()
            for rule, message in _problems(field.capitalize(), rules):
                yield Finding(place.state.name, rule, message)


def _problems(field: str, rules: tuple[Retry | Catch, ...]) -> Iterator[tuple[str, str]]:
    for index, rule in enumerate(rules):
        at, names = f"{field}[{index}]", rule.error_equals or ()
        for name in names:
            if isinstance(name, str) and name.startswith("States.") and name not in KNOWN:
                yield "unknown-error", f"{at} names the error {name!r}, which Step Functions does not have"
        if ALL in names and len(names) > 1:
            yield "states-all", f"{at} names {ALL} beside other errors; it has to be alone"
        if ALL in names and index < len(rules) - 1:
            yield (
                "states-all",
                f"{at} names {ALL}, and {field}[{index + 1}] follows; it has to be in the last rule",
            )
        if isinstance(rule, Retry):
            yield from _delays(at, rule)


def _delays(at: str, rule: Retry) -> Iterator[tuple[str, str]]:
    longest, first = rule.max_delay_seconds, rule.interval_seconds or 1
    if isinstance(longest, int) and isinstance(first, int) and longest <= first:
        yield "retry-delay", f"{at}.MaxDelaySeconds ({longest}) has to be more than IntervalSeconds ({first})"
