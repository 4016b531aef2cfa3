"""From what is there and what is wanted to what has to change. Pure: AWS is called when a change is made.

Undoing puts back what is still as the deployment wrote it: somebody else may deploy the same flow meanwhile.
Job definitions stay, since their names are their contents: others may use them by now, and those that nobody
uses do nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from metaflow_provider.deployment import (
    CREATE,
    DELETE,
    UNCHANGED,
    UPDATE,
    Change,
    Undo,
    differing_fields,
    looks,
)
from metaflow_provider.plan import Refusal

from ..asl import diff
from ..aws import Aws, AwsError, Machine, Rule, Schedule
from ..translation.jobs import JobDefinition
from .deployed import Deployed
from .existing import Existing
from .job_differences import fields, job_of_state
from .wanted import Wanted

MACHINE, JOB_DEFINITION, TAGS, SCHEDULE = "state machine", "job definition", "tags", "schedule"
RULE, RULE_TARGETS = "rule", "targets of rule"

_DELETING = "StateMachineDeleting"
_DELETING_SECONDS = 90
_REPLACED = "somebody has changed it since, so it was left as it is"
_NO_LOGGING = {"level": "OFF", "includeExecutionData": False, "destinations": []}


def changes(existing: Existing, wanted: Wanted) -> list[Change[Aws]]:
    """What a deployment does, in the order in which it is done.

    Raises:
        Refusal: a schedule is wanted, and there is one of its name that starts something else.

    Example:
        >>> [change.action for change in changes(look_around(aws, "Train", names), wanted)]
        ['create', 'update', 'unchanged', 'delete']
    """
    deployed = existing.deployed
    return [
        *_job_definitions(existing, wanted),
        *([_new_machine(wanted)] if deployed is None else _machine(deployed, wanted)),
        *_schedule(existing.schedule, wanted.schedule, wanted.machine),
        *_without_rule(existing.rule),
    ]


def removal(existing: Existing) -> list[Change[Aws]]:
    """What removes a deployment. Job definitions stay: other flows, and runs at work, may use them."""
    assert existing.deployed is not None
    machine = existing.deployed.machine

    def do(aws: Aws) -> Undo:
        aws.states.delete(machine.arn)
        return lambda: None  # nothing comes after it that could fail

    return [
        *_schedule(existing.schedule, None, machine),
        *_without_rule(existing.rule),
        Change(DELETE, MACHINE, machine.name, do=do),
    ]


def _job_definitions(existing: Existing, wanted: Wanted) -> Iterator[Change[Aws]]:
    replaced = _replaced(existing, wanted)
    for job in wanted.job_definitions:
        if job.name in existing.job_definitions:
            yield Change(UNCHANGED, JOB_DEFINITION, job.name)
        else:
            yield _new_job_definition(job, replaced.get(job.name))


def _new_job_definition(job: JobDefinition, replaced: Mapping[str, Any] | None) -> Change[Aws]:
    def do(aws: Aws) -> Undo:
        aws.batch.register(job.to_dict())
        return lambda: None

    lines = () if replaced is None else differing_fields(fields(replaced), fields(job.to_dict()))
    return Change(CREATE, JOB_DEFINITION, job.name, lines, do)


def _replaced(existing: Existing, wanted: Wanted) -> dict[str, Mapping[str, Any]]:
    """For new job definitions, the one that the same state has had."""
    if existing.deployed is None or existing.deployed.definition is None:
        return {}
    before = job_of_state(existing.deployed.definition)
    pairs = ((new, before.get(state, "")) for state, new in job_of_state(wanted.definition).items())
    return {new: existing.job_definitions[old] for new, old in pairs if old in existing.job_definitions}


def _new_machine(wanted: Wanted) -> Change[Aws]:
    machine = wanted.machine

    def do(aws: Aws) -> Undo:
        _create_when_deleted(aws, machine)
        return lambda: undo(aws)

    def undo(aws: Aws) -> None:
        _refuse_if_replaced(aws.states.machine(machine.arn), machine)
        aws.states.delete(machine.arn)

    states = sum(1 for _ in wanted.definition.walk())
    return Change(CREATE, MACHINE, machine.name, (f"+ states: {states}", f"+ role: {machine.role}"), do)


def _create_when_deleted(aws: Aws, machine: Machine) -> None:
    """Create a state machine; one of its name may still be on its way out."""
    for _ in looks(every=3, seconds=_DELETING_SECONDS):
        try:
            return aws.states.create(machine)
        except AwsError as error:
            if error.code != _DELETING:
                raise
    raise AwsError(
        f"states:CreateStateMachine on {machine.arn}: AWS is still deleting a state machine of this name, "
        "which takes until its last run has ended; end its runs, or try again later",
        _DELETING,
    )


def _machine(deployed: Deployed, wanted: Wanted) -> Iterator[Change[Aws]]:
    old, new = deployed.machine, wanted.machine
    lines = (*_definition_diff(deployed, wanted), *differing_fields(_settings(old), _settings(new)))

    def update(aws: Aws) -> Undo:
        aws.states.update(new)
        return lambda: undo(aws)

    def undo(aws: Aws) -> None:
        _refuse_if_replaced(aws.states.machine(new.arn), new, old)
        aws.states.update(old)

    yield Change(UPDATE, MACHINE, new.name, lines, update) if lines else Change(UNCHANGED, MACHINE, new.name)

    yield _tags(old, new)


def _tags(old: Machine, new: Machine) -> Change[Aws]:
    """Those of a deployment; what others have put on the machine stays."""
    before = {key: old.tags[key] for key in new.tags if key in old.tags}
    if before == new.tags:
        return Change(UNCHANGED, TAGS, new.name)

    def do(aws: Aws) -> Undo:
        aws.states.tag(new.arn, new.tags)
        return lambda: undo(aws)

    def undo(aws: Aws) -> None:
        _refuse_if_replaced(aws.states.machine(new.arn), new, old)
        aws.states.untag(new.arn, set(new.tags) - set(before))
        aws.states.tag(new.arn, before)

    return Change(UPDATE, TAGS, new.name, differing_fields(before, new.tags), do)


def _refuse_if_replaced(found: Machine | None, new: Machine, old: Machine | None = None) -> None:
    """Refuse to undo what was done to a machine that somebody has changed since.

    AWS may go on describing a machine as it was before for some seconds.
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html

    Args:
        found: the machine as it is.
        new: as this deployment wrote it.
        old: as it was before; `None` if there was none.

    Raises:
        AwsError: it is neither.
    """
    known = [new] if old is None else [new, old]

    def tags(machine: Machine) -> dict[str, str]:
        return {key: machine.tags[key] for key in new.tags if key in machine.tags}

    if found is None:
        replaced = old is not None
    else:
        contents = [(machine.definition, _settings(machine)) for machine in known]
        # One undo after the other: the definition may be new while the tags are back already.
        replaced = (found.definition, _settings(found)) not in contents or tags(found) not in map(tags, known)
    if replaced:
        raise AwsError(_REPLACED)


def _definition_diff(deployed: Deployed, wanted: Wanted) -> Iterator[str]:
    if deployed.definition is None:
        yield "~ the whole definition; what is deployed cannot be read"
    else:
        yield from map(str, diff(deployed.definition, wanted.definition))


def _settings(machine: Machine) -> dict[str, Any]:
    return {"role": machine.role, "logging": {**_NO_LOGGING, **machine.logging}}


def _schedule(old: Schedule | None, new: Schedule | None, machine: Machine) -> Iterator[Change[Aws]]:
    """What happens to the schedule; one that starts something else is somebody else's, and stays."""
    if old is not None and old.target != machine.arn:
        if new is not None:
            raise _taken(old)
    elif old is None and new is not None:
        yield _new_schedule(new)
    elif old is not None and new is None:
        yield _no_schedule(old)
    elif old is not None and new is not None:
        yield _changed_schedule(old, new)


def _taken(foreign: Schedule) -> Refusal:
    return Refusal(
        f"the schedule {foreign.name} of AWS EventBridge Scheduler starts {foreign.target}, "
        "which is not this flow's state machine",
        decorator="schedule",
        remedy="choose another name for the deployment, or remove that schedule",
    )


def _new_schedule(new: Schedule) -> Change[Aws]:
    def do(aws: Aws) -> Undo:
        aws.scheduler.create(new)
        return lambda: undo(aws)

    def undo(aws: Aws) -> None:
        _refuse_if_rescheduled(aws.scheduler.schedule(new.name), new)
        aws.scheduler.delete(new.name)

    return Change(CREATE, SCHEDULE, new.name, differing_fields({}, _times(new)), do)


def _no_schedule(old: Schedule) -> Change[Aws]:
    def do(aws: Aws) -> Undo:
        aws.scheduler.delete(old.name)
        return lambda: aws.scheduler.create(old)

    return Change(DELETE, SCHEDULE, old.name, differing_fields(_times(old), {}), do)


def _changed_schedule(old: Schedule, new: Schedule) -> Change[Aws]:
    new = dataclasses.replace(new, rest=old.rest)

    def do(aws: Aws) -> Undo:
        aws.scheduler.update(new)
        return lambda: undo(aws)

    def undo(aws: Aws) -> None:
        _refuse_if_rescheduled(aws.scheduler.schedule(new.name), new, old)
        aws.scheduler.update(old)

    lines = differing_fields(dataclasses.asdict(old), dataclasses.asdict(new))
    return Change(UPDATE, SCHEDULE, new.name, lines, do) if lines else Change(UNCHANGED, SCHEDULE, new.name)


def _refuse_if_rescheduled(found: Schedule | None, *known: Schedule) -> None:
    """As `_refuse_if_replaced`, for a schedule."""
    if found is not None and not any(_without_rest(found) == _without_rest(schedule) for schedule in known):
        raise AwsError(_REPLACED)


def _without_rest(schedule: Schedule) -> Schedule:
    return dataclasses.replace(schedule, rest={})


def _times(schedule: Schedule) -> dict[str, str]:
    return {"expression": schedule.expression, "timezone": schedule.timezone}


def _without_rule(rule: Rule | None) -> Iterator[Change[Aws]]:
    """Stock Metaflow's rule would start what the schedule starts once more."""
    if rule is None:
        return

    def remove_targets(aws: Aws) -> Undo:
        aws.rules.remove_targets(rule)
        return lambda: aws.rules.put_targets(rule)

    def delete(aws: Aws) -> Undo:
        aws.rules.delete(rule.name)
        return lambda: aws.rules.put(rule)

    yield Change(DELETE, RULE_TARGETS, rule.name, do=remove_targets)
    yield Change(DELETE, RULE, rule.name, (f"- expression: {rule.expression}",), delete)
