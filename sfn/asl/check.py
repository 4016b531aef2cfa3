"""Whether AWS would take a definition, and whether it can run: everything that can be told offline."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .finding import Finding, ParseError
from .machine import StateMachine
from .parse import parse
from .rules import choices, errors, fields, graph, maps, payloads, sizes, tasks, variables

RULES: tuple[Callable[[StateMachine], Iterator[Finding]], ...] = (
    graph.findings,
    fields.findings,
    choices.findings,
    maps.findings,
    errors.findings,
    payloads.findings,
    variables.findings,
    tasks.findings,
    sizes.findings,
)


def check(
    definition: StateMachine | str | Mapping[str, Any], integrations: tasks.Integrations | None = None
) -> list[Finding]:
    """What is wrong with a definition, in the order of its states; nothing: an empty list.

    Args:
        definition: a machine, or a definition as JSON text or object. One that cannot be read gives the one
            finding that says why.
        integrations: says what is wrong with the arguments of a service integration, a line each;
            `sfn.integrations.problems` knows AWS's services. Without it, arguments are not looked at.

    Example:
        >>> [str(f) for f in check({"StartAt": "a", "States": {"a": {"Type": "Pass", "Next": "b"}}})]
        ["state 'a': Next names 'b', which is no state of its scope [target-missing]"]
    """
    if not isinstance(definition, StateMachine):
        try:
            definition = parse(definition)
        except ParseError as error:
            return [error.finding]
    found = [finding for rule in RULES for finding in rule(definition)]
    if integrations is not None:
        found += tasks.argument_findings(definition, integrations)
    order = {"": -1} | {state.name: index for index, state in enumerate(definition.walk())}
    return sorted(found, key=lambda finding: order[finding.state])
