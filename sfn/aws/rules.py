"""EventBridge rules: stock Metaflow schedules with them, in UTC.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .service import Service

_NO_RULE = ("ResourceNotFoundException",)


@dataclass(frozen=True)
class Rule:
    """A rule of the default bus that fires by the clock.

    Attributes:
        expression: such as `cron(0 6 * * ? *)`.
        targets: in AWS's own form.
    """

    name: str
    expression: str
    description: str
    enabled: bool
    targets: tuple[Mapping[str, Any], ...] = ()


class Rules(Service):
    """What is asked of EventBridge.

    Example:
        >>> aws.rules.rule("Train").expression
        'cron(0 6 * * ? *)'
    """

    service = "events"

    def rule(self, name: str) -> Rule | None:
        """A rule with its targets; `None` when there is none."""
        found = self._find("DescribeRule", _resource(name), _NO_RULE, Name=name)
        if found is None:
            return None
        targets = self._call("ListTargetsByRule", _resource(name), Rule=name)["Targets"]
        return Rule(
            name=name,
            expression=found.get("ScheduleExpression", ""),
            description=found.get("Description", ""),
            enabled=found["State"] == "ENABLED",
            targets=tuple(targets),
        )

    def put(self, rule: Rule) -> None:
        """Make a rule, without its targets."""
        self._call(
            "PutRule",
            _resource(rule.name),
            Name=rule.name,
            ScheduleExpression=rule.expression,
            Description=rule.description,
            State="ENABLED" if rule.enabled else "DISABLED",
        )

    def put_targets(self, rule: Rule) -> None:
        """Give a rule its targets."""
        self._call("PutTargets", _resource(rule.name), Rule=rule.name, Targets=list(rule.targets))

    def remove_targets(self, rule: Rule) -> None:
        """Take a rule's targets away, as AWS demands before it is deleted."""
        ids = [target["Id"] for target in rule.targets]
        self._call("RemoveTargets", _resource(rule.name), Rule=rule.name, Ids=ids)

    def delete(self, name: str) -> None:
        """Remove a rule that has no targets."""
        self._call("DeleteRule", _resource(name), Name=name)


def _resource(name: str) -> str:
    return f"rule/{name}"
