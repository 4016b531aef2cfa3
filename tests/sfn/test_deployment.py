from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest

from metaflow_provider.plan import FlowPlan, Refusal, dumps
from metaflow_provider.plan.model import Limits, Project, Schedule
from sfn import Aws, AwsError, Deployment, Settings, StepFunctions
from sfn.api import DeploymentPlan
from sfn.aws import Schedule as AwsSchedule
from sfn.deployment import Deployed, Existing, changes, look, look_around, wanted
from tests.sfn.account import ACCOUNT, NUMBER, QUEUE, calls, fail, flow, plan, reads_alone

DAILY = Schedule("0 6 * * *", "Asia/Tokyo")
STOCK_RULE = {"Id": "train", "Input": '{"Parameters": "{}"}', "RoleArn": ACCOUNT.schedule_role}


def actions(planned: Any) -> list[tuple[str, str]]:
    return [(change.action, change.kind) for change in planned.changes]


def account_of(aws: Aws) -> dict[str, Any]:
    """Everything that a deployment may have touched."""
    batch = aws.client("batch").describe_job_definitions(status="ACTIVE")["jobDefinitions"]
    return {
        "machine": aws.states.machine(aws.machine_arn("train")),
        "jobs": sorted(job["jobDefinitionName"] for job in batch),
        "schedule": aws.scheduler.schedule("train"),
        "rule": aws.rules.rule("train"),
    }


def undone(aws: Aws) -> dict[str, Any]:
    """What is there but for job definitions, which a failed deployment leaves."""
    return {kind: found for kind, found in account_of(aws).items() if kind != "jobs"}


def deploy_stock(aws: Aws, **parameters: str) -> None:
    """What stock Metaflow leaves: owner and token in the first state, and a rule."""
    said = {
        "metaflow.owner": "bob",
        "metaflow.production_token": "train-3-zzzz",
        "metaflow.flow_name": "Train",
    }
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::batch:submitJob.sync",
        "Parameters": {"JobName": "a", "Parameters": {**said, **parameters}},
        "End": True,
    }
    aws.client("stepfunctions").create_state_machine(
        name="train",
        definition=json.dumps({"StartAt": "start", "States": {"start": task}}, indent=4),
        roleArn=ACCOUNT.role,
    )
    events = aws.client("events")
    events.put_rule(
        Name="train", ScheduleExpression="cron(0 6 * * ? *)", Description="Metaflow generated rule"
    )
    events.put_targets(Rule="train", Targets=[{**STOCK_RULE, "Arn": aws.machine_arn("train")}])


def test_a_first_deployment_makes_everything(aws: Aws) -> None:
    planned = flow(aws, plan(schedules=(DAILY,))).plan()
    assert actions(planned) == [
        ("create", "job definition"),
        ("create", "job definition"),
        ("create", "state machine"),
        ("create", "schedule"),
    ]
    deployment = planned.apply()
    assert (deployment.name, deployment.flow, deployment.owner, deployment.token) == (
        "train",
        "Train",
        "ada",
        "train-0-abcd",
    )
    machine = deployment.deployed.machine
    assert (machine.role, machine.type, machine.logging["level"]) == (ACCOUNT.role, "STANDARD", "OFF")
    assert machine.definition == flow(aws).machine.to_json()
    schedule = aws.scheduler.schedule("train")
    assert schedule is not None
    assert (schedule.expression, schedule.timezone) == ("cron(0 6 * * ? *)", "Asia/Tokyo")
    assert (schedule.target, schedule.role, schedule.input) == (machine.arn, ACCOUNT.schedule_role, "{}")


def test_planning_changes_nothing(aws: Aws) -> None:
    before = account_of(aws)
    with calls(aws) as made:
        flow(aws).plan()
    assert reads_alone(made)
    assert account_of(aws) == before


def test_deploying_twice_changes_nothing_and_says_so(aws: Aws) -> None:
    flow(aws, plan(schedules=(DAILY,))).plan().apply()
    again = flow(aws, plan(schedules=(DAILY,))).plan()
    with calls(aws) as made:
        again.apply()
    assert again.is_empty
    assert again.diff() == ""
    assert {action for action, _ in actions(again)} == {"unchanged"}
    assert reads_alone(made)


def test_a_change_is_shown_and_made(aws: Aws) -> None:
    flow(aws).plan().apply()
    changed = dataclasses.replace(plan(), limits=Limits(workflow_timeout=3600), owner="eve")
    planned = flow(aws, changed).plan(authorize="production:train-0-abcd")
    assert planned.diff().splitlines() == [
        "update state machine train",
        "  + TimeoutSeconds: 3600",
        "update tags train",
        "  ~ metaflow.owner: ada -> eve",
    ]
    deployment = planned.apply()
    assert deployment.machine.timeout_seconds == 3600
    assert deployment.owner == "eve"


def test_a_changed_job_definition_is_compared_with_the_one_before(aws: Aws) -> None:
    flow(aws).plan().apply()
    slower = flow(aws, plan({"environment": {"X": "1"}, "timeout": 3600})).plan()
    [change] = [change for change in slower.changes if change.action == "create"]
    assert change.kind == "job definition"
    assert sorted(change.diff) == [
        "+ containerProperties.environment.METAFLOW_ORCHESTRATORS_REQUEST.timeout: 3600",
        "+ containerProperties.environment.X: 1",
        "~ timeout.attemptDurationSeconds: 432000 -> 4200",
    ]


def test_a_machine_that_cannot_be_read_is_replaced(aws: Aws) -> None:
    deployment = flow(aws).plan().apply()
    machine = deployment.deployed.machine
    broken = Deployed(
        dataclasses.replace(machine, definition='{"States": 3}'), "ada", "train-0-abcd", "Train"
    )
    translation = flow(aws).translation
    wanted_ = wanted(plan(), translation, ACCOUNT, machine.arn, log_history=False)
    [change] = [c for c in changes(Existing(broken), wanted_) if c.kind == "state machine"]
    assert change.diff == ("~ the whole definition; what is deployed cannot be read",)


def test_a_machine_that_would_be_refused_is_not_deployed(aws: Aws) -> None:
    dangling = flow(aws)
    dangling.machine = dangling.machine.with_state("start", next="nowhere")
    with (
        calls(aws) as made,
        pytest.raises(Refusal, match=r"AWS would refuse the state machine: state 'start': Next"),
    ):
        dangling.plan()
    assert made == []


def test_a_plans_json_will_do(aws: Aws) -> None:
    flow(aws).plan().apply()
    assert StepFunctions(dumps(plan()), Settings(queue=QUEUE), aws=aws).plan().is_empty


def test_the_machine_can_be_edited_before_it_is_deployed(aws: Aws) -> None:
    edited = flow(aws)
    edited.machine = edited.compile().with_state("end", timeout_seconds=77)
    deployment = edited.plan().apply()
    assert deployment.machine.find("end").to_dict()["TimeoutSeconds"] == 77


def test_a_schedule_is_changed_and_removed(aws: Aws) -> None:
    flow(aws, plan(schedules=(DAILY,))).plan().apply()
    hourly = flow(aws, plan(schedules=(Schedule("0 * * * *"),))).plan()
    assert hourly.diff().splitlines() == [
        "update schedule train",
        "  ~ expression: cron(0 6 * * ? *) -> cron(0 * * * ? *)",
        "  ~ timezone: Asia/Tokyo -> UTC",
    ]
    hourly.apply()
    without = flow(aws).plan()
    assert ("delete", "schedule") in actions(without)
    without.apply()
    assert aws.scheduler.schedule("train") is None


@pytest.fixture
def foreign(aws: Aws) -> AwsSchedule:
    """Of the flow's name, for the state machine of somebody else."""
    found = AwsSchedule(
        name="train",
        expression="rate(1 hour)",
        timezone="UTC",
        target=aws.machine_arn("other"),
        role=ACCOUNT.schedule_role,
        input="{}",
    )
    aws.scheduler.create(found)
    kept = aws.scheduler.schedule("train")
    assert kept is not None
    return kept


def test_a_schedule_that_starts_something_else_is_left_alone(aws: Aws, foreign: AwsSchedule) -> None:
    flow(aws).plan().apply()
    assert aws.scheduler.schedule("train") == foreign
    StepFunctions.from_deployment("train", aws).delete()
    assert aws.scheduler.schedule("train") == foreign


def test_a_schedule_that_starts_something_else_is_not_taken(aws: Aws, foreign: AwsSchedule) -> None:
    with calls(aws) as made, pytest.raises(Refusal) as refused:
        flow(aws, plan(schedules=(DAILY,))).plan()
    assert reads_alone(made)
    assert str(refused.value) == (
        "@schedule: the schedule train of AWS EventBridge Scheduler starts "
        f"{foreign.target}, which is not this flow's state machine; "
        "choose another name for the deployment, or remove that schedule"
    )


def set_by_hand(aws: Aws, started: datetime) -> dict[str, Any]:
    """What users set for the flow's schedule in AWS's console; returns that."""
    scheduler = aws.client("scheduler")
    found = scheduler.get_schedule(Name="train")
    queue, end = f"arn:aws:sqs:eu-west-1:{NUMBER}:dead", datetime(2100, 1, 1, tzinfo=timezone.utc)
    target = {
        "DeadLetterConfig": {"Arn": queue},
        "RetryPolicy": {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 3},
    }
    rest = {
        "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
        "KmsKeyArn": f"arn:aws:kms:eu-west-1:{NUMBER}:key/mine",
        "EndDate": end,
    }
    asked = ("Name", "Description", "ScheduleExpression", "ScheduleExpressionTimezone", "State")
    scheduler.update_schedule(
        **{name: found[name] for name in asked},
        **rest,
        StartDate=started,
        Target={**found["Target"], **target},
    )
    return {**rest, "Target": target}


LATER, EARLIER = datetime(2099, 1, 1, tzinfo=timezone.utc), datetime(2020, 1, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize("started", [LATER, EARLIER])
def test_what_users_set_for_the_schedule_stays(aws: Aws, started: datetime) -> None:
    flow(aws, plan(schedules=(DAILY,))).plan().apply()
    rest = set_by_hand(aws, started)
    if started == LATER:
        rest["StartDate"] = LATER
    assert flow(aws, plan(schedules=(DAILY,))).plan().is_empty
    flow(aws, plan(schedules=(Schedule("0 * * * *"),))).plan().apply()
    schedule = aws.scheduler.schedule("train")
    assert schedule is not None
    assert (schedule.expression, schedule.rest) == ("cron(0 * * * ? *)", rest)


@pytest.mark.parametrize("started", [LATER, EARLIER])
def test_what_users_set_for_the_schedule_is_put_back(aws: Aws, started: datetime) -> None:
    deployment = flow(aws, plan(schedules=(DAILY,))).plan().apply()
    rest = set_by_hand(aws, started)
    fail(aws, "stepfunctions", "DeleteStateMachine", "AccessDeniedException")
    with pytest.raises(AwsError, match="all that was changed before has been undone"):
        deployment.delete()
    found = aws.client("scheduler").get_schedule(Name="train")
    target = {name: found["Target"][name] for name in rest["Target"]}
    assert {**{name: found[name] for name in rest}, "Target": target} == rest


def test_the_history_goes_to_the_log_group_when_asked_for(aws: Aws) -> None:
    deployment = flow(aws, log_history=True).plan().apply()
    logging = deployment.deployed.machine.logging
    assert (logging["level"], logging["includeExecutionData"]) == ("ALL", True)
    assert logging["destinations"] == [{"cloudWatchLogsLogGroup": {"logGroupArn": ACCOUNT.log_group}}]
    assert flow(aws, log_history=True).plan().is_empty
    assert ("update", "state machine") in actions(flow(aws).plan())


def test_tags_of_the_user_stay(aws: Aws) -> None:
    deployment = flow(aws, plan(project=Project("p", "user.ada"))).plan().apply()
    aws.states.tag(deployment.deployed.machine.arn, {"cost-centre": "7"})
    flow(aws).plan().apply()
    tags = aws.states.tags(deployment.deployed.machine.arn)
    assert tags == {
        "cost-centre": "7",
        "metaflow.owner": "ada",
        "metaflow.production_token": "train-0-abcd",
        "metaflow.flow_name": "Train",
        "metaflow.project_name": "",
        "metaflow.branch_name": "",
        "metaflow.orchestrators_version": "1.0",
    }


@pytest.mark.parametrize("owner", ["DOM\\ain", "a=5Cb", "Zoë 日本", "x" * 256, "$(id)`\n"])
def test_an_owner_of_any_name_is_read_as_it_was(aws: Aws, owner: str) -> None:
    flow(aws, plan(owner=owner)).plan().apply()
    assert StepFunctions.from_deployment("train", aws).owner == owner


def test_an_owner_too_long_for_a_tag_is_refused(aws: Aws) -> None:
    with pytest.raises(Refusal, match=r"metaflow.owner is .*…, longer than the 256 characters of a tag"):
        flow(aws, plan(owner="x" * 257)).plan()


LATER_CALLS = [
    ("batch", "RegisterJobDefinition"),
    ("stepfunctions", "UpdateStateMachine"),
    ("stepfunctions", "TagResource"),
    ("scheduler", "UpdateSchedule"),
]


def richer() -> FlowPlan:
    """A plan that differs from `plan()` in every object."""
    return plan(
        owner="eve",
        production_token="train-0-abcd",
        schedules=(Schedule("30 * * * *"),),
        limits=Limits(workflow_timeout=60),
        tags=("new",),
    )


@pytest.mark.parametrize(("service", "action"), LATER_CALLS)
def test_a_failed_update_leaves_all_as_it_was(aws: Aws, service: str, action: str) -> None:
    flow(aws, plan(schedules=(DAILY,))).plan().apply()
    before = undone(aws)
    planned = flow(aws, richer()).plan("train-0-abcd")
    kinds = [kind for _, kind in actions(planned)]
    assert kinds == ["job definition", "job definition", "state machine", "tags", "schedule"]
    fail(aws, service, action, "ValidationException", "the moon is full")
    with pytest.raises(AwsError) as raised:
        planned.apply()
    said = "nothing was changed" if service == "batch" else "all that was changed before has been undone"
    assert str(raised.value).endswith(f"AWS says: the moon is full (ValidationException); {said}")
    assert "\n" not in str(raised.value)
    assert undone(aws) == before
    planned.apply()
    assert flow(aws, richer()).plan("train-0-abcd").is_empty


def test_a_failed_first_deployment_leaves_nothing(aws: Aws) -> None:
    before = undone(aws)
    fail(aws, "scheduler", "CreateSchedule", "ValidationException", "The role must allow to be assumed")
    with pytest.raises(
        AwsError, match=r"^scheduler:CreateSchedule on schedule/default/train: AWS says: The role"
    ):
        flow(aws, plan(schedules=(DAILY,))).plan().apply()
    assert undone(aws) == before


def test_what_cannot_be_undone_is_named(aws: Aws) -> None:
    flow(aws).plan().apply()
    planned = flow(aws, richer()).plan("train-0-abcd")

    def interfere(change: Any) -> None:
        if change.kind == "schedule":
            fail(aws, "scheduler", "CreateSchedule", "ValidationException")
            fail(aws, "stepfunctions", "UpdateStateMachine", "AccessDeniedException")

    with pytest.raises(
        AwsError,
        match="not everything is as before: to undo the update of state machine train failed: states:",
    ):
        planned.apply(interfere)
    assert account_of(aws)["machine"].tags["metaflow.owner"] == "ada"


REPLACED = "somebody has changed it since, so it was left as it is"


def fails_after(aws: Aws, ours: DeploymentPlan, theirs: Callable[[], object]) -> str:
    """What is said when a deployment's schedule cannot be made, after somebody else has done something."""

    def tell(change: Any) -> None:
        if change.kind == "schedule":
            theirs()
            fail(aws, "scheduler", "CreateSchedule", "ValidationException")

    with pytest.raises(AwsError) as raised:
        ours.apply(tell)
    return str(raised.value)


def test_what_somebody_else_has_deployed_meanwhile_is_left(aws: Aws) -> None:
    flow(aws).plan().apply()
    same_jobs = {"environment": {"X": "1"}}
    theirs = flow(aws, plan(same_jobs, owner="eve", limits=Limits(workflow_timeout=999)))
    ours = flow(aws, plan(same_jobs, schedules=(DAILY,)))
    said = fails_after(aws, ours.plan(), lambda: theirs.plan("train-0-abcd").apply())
    assert said.endswith(
        f"not everything is as before: to undo the update of state machine train failed: {REPLACED}"
    )
    assert flow(aws, theirs.flow).plan().is_empty  # machine, tags and the job definitions that both use


def test_tags_of_somebody_else_are_left(aws: Aws) -> None:
    flow(aws).plan().apply()
    theirs = flow(aws, plan(owner="eve", limits=Limits(workflow_timeout=999)))
    ours = flow(aws, plan(owner="eve", limits=Limits(workflow_timeout=60), schedules=(DAILY,)))
    said = fails_after(aws, ours.plan("train-0-abcd"), lambda: theirs.plan("train-0-abcd").apply())
    assert f"to undo the update of tags train failed: {REPLACED}" in said
    assert flow(aws, theirs.flow).plan().is_empty


def test_a_first_deployment_that_somebody_has_replaced_is_left(aws: Aws) -> None:
    theirs = flow(aws, plan(limits=Limits(workflow_timeout=999)))
    said = fails_after(aws, flow(aws, plan(schedules=(DAILY,))).plan(), lambda: theirs.plan().apply())
    assert said.endswith(f"to undo the create of state machine train failed: {REPLACED}")
    assert flow(aws, theirs.flow).plan().is_empty


def test_a_schedule_that_somebody_has_changed_meanwhile_is_left(aws: Aws) -> None:
    deploy_stock(aws)
    ours = flow(aws, plan(schedules=(DAILY,))).plan("train-3-zzzz")
    hourly = flow(aws, plan(schedules=(Schedule("0 * * * *"),)))

    def tell(change: Any) -> None:
        if change.kind == "targets of rule":
            hourly.plan("train-3-zzzz").apply()
            fail(aws, "events", "RemoveTargets", "ValidationException")

    with pytest.raises(AwsError, match=f"to undo the create of schedule train failed: {REPLACED}"):
        ours.apply(tell)
    schedule = aws.scheduler.schedule("train")
    assert schedule is not None
    assert schedule.expression == "cron(0 * * * ? *)"


def test_undoing_believes_no_stale_answer(aws: Aws) -> None:
    """AWS describes a machine as it was before for some seconds after an update."""
    flow(aws).plan().apply()
    before = undone(aws)
    stale = aws.states.machine(aws.machine_arn("train"))

    def describe_stale() -> None:
        aws.states.machine = lambda arn: stale  # type: ignore[method-assign]

    ours = flow(aws, plan(limits=Limits(workflow_timeout=60), schedules=(DAILY,))).plan()
    said = fails_after(aws, ours, describe_stale)
    del aws.states.machine
    assert said.endswith("all that was changed before has been undone")
    assert undone(aws) == before


def test_a_deployment_that_cannot_be_looked_at_afterwards_has_succeeded(aws: Aws) -> None:
    def tell(change: Any) -> None:
        if change.kind == "state machine":
            fail(aws, "stepfunctions", "DescribeStateMachine", "ThrottlingException", times=9)

    deployment = flow(aws, plan(owner="eve")).plan().apply(tell)
    assert (deployment.name, deployment.flow, deployment.owner) == ("train", "Train", "eve")
    assert deployment.trigger().id.startswith("sfn-")


def test_an_interrupt_undoes_too(aws: Aws) -> None:
    before = undone(aws)

    def interrupt(change: Any) -> None:
        if change.kind == "schedule":
            raise KeyboardInterrupt

    planned = flow(aws, plan(schedules=(DAILY,))).plan()
    with pytest.raises(KeyboardInterrupt):
        planned.apply(interrupt)
    assert undone(aws) == before


def test_a_machine_that_is_being_deleted_is_waited_for(aws: Aws) -> None:
    fail(aws, "stepfunctions", "CreateStateMachine", "StateMachineDeleting", times=2)
    assert flow(aws).plan().apply().name == "train"


def test_a_machine_that_stays_is_one_line(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["sfn.deployment.changes"], "_DELETING_SECONDS", 0)
    fail(aws, "stepfunctions", "CreateStateMachine", "StateMachineDeleting", times=9)
    with pytest.raises(AwsError, match="AWS is still deleting a state machine of this name"):
        flow(aws).plan().apply()


def test_a_deployment_of_stock_is_taken_over(aws: Aws) -> None:
    deploy_stock(aws)
    found = look(aws, "train")
    assert found is not None
    assert (found.owner, found.token, found.flow, found.by_stock) == ("bob", "train-3-zzzz", "Train", True)
    planned = flow(aws, plan(schedules=(DAILY,))).plan(authorize="train-3-zzzz")
    assert actions(planned)[2:] == [
        ("update", "state machine"),
        ("update", "tags"),
        ("create", "schedule"),
        ("delete", "targets of rule"),
        ("delete", "rule"),
    ]
    planned.apply()
    assert account_of(aws)["rule"] is None
    found = look(aws, "train")
    assert found is not None
    assert (found.owner, found.by_stock) == ("ada", False)


def test_a_failed_take_over_leaves_stock_in_place(aws: Aws) -> None:
    deploy_stock(aws)
    before = undone(aws)
    fail(aws, "events", "DeleteRule", "InternalException", times=5, status=500)
    with pytest.raises(AwsError, match="all that was changed before has been undone"):
        flow(aws, plan(schedules=(DAILY,))).plan("train-3-zzzz").apply()
    assert undone(aws) == before


def test_stock_deployed_over_ours_owns_it(aws: Aws) -> None:
    flow(aws).plan().apply()
    arn = aws.machine_arn("train")
    deploy_stock_definition = {
        "StartAt": "start",
        "States": {
            "start": {
                "Type": "Pass",
                "Parameters": {"Parameters": {"metaflow.owner": "bob", "metaflow.production_token": "t-9"}},
                "End": True,
            }
        },
    }
    aws.client("stepfunctions").update_state_machine(
        stateMachineArn=arn, definition=json.dumps(deploy_stock_definition)
    )
    found = look(aws, "train")
    assert found is not None
    assert (found.owner, found.token, found.by_stock) == ("bob", "t-9", True)


def test_a_rule_that_starts_something_else_is_left_alone(aws: Aws) -> None:
    deploy_stock(aws)
    other = {**STOCK_RULE, "Arn": aws.machine_arn("other")}
    aws.client("events").put_targets(Rule="train", Targets=[other])
    assert look_around(aws, "train").rule is None


def test_a_machine_of_somebody_else_is_refused(aws: Aws) -> None:
    aws.client("stepfunctions").create_state_machine(
        name="train",
        definition='{"StartAt": "a", "States": {"a": {"Type": "Succeed"}}}',
        roleArn=ACCOUNT.role,
        tags=[{"key": "team", "value": "billing"}],
    )
    before = account_of(aws)
    with calls(aws) as made, pytest.raises(Refusal) as refused:
        flow(aws).plan()
    assert str(refused.value) == (
        "An existing non-metaflow workflow with the same name as train already exists in AWS Step Functions; "
        "please modify the name of this flow or delete your existing workflow"
    )
    assert reads_alone(made)
    assert account_of(aws) == before
    assert list(StepFunctions.list(aws=aws)) == []


def test_another_users_flow_needs_its_token(aws: Aws) -> None:
    flow(aws).plan().apply()
    theirs = plan(owner="eve", production_token="train-1-efgh")
    with pytest.raises(Refusal, match=r"existing version of train .* deployed by the user ada"):
        flow(aws, theirs).plan(authorize="train-0-wrong")
    with pytest.raises(Refusal, match="its production token was not given"):
        flow(aws, plan(owner="eve")).plan()  # whoever compiles the flow gets its first token
    assert flow(aws, theirs).plan(authorize="train-0-abcd").apply().owner == "eve"


def test_no_token_opens_a_flow_without_one(aws: Aws) -> None:
    arn = flow(aws).plan().apply().deployed.machine.arn
    aws.states.tag(arn, {"metaflow.production_token": ""})
    with pytest.raises(Refusal, match="its production token was not given"):
        flow(aws, plan(owner="eve", production_token="")).plan(authorize="")


def test_deleting_removes_machine_and_schedule(aws: Aws) -> None:
    deployment = flow(aws, plan(schedules=(DAILY,))).plan().apply()
    deployment.delete()
    after = account_of(aws)
    assert (after["machine"], after["schedule"]) == (None, None)
    deployment.delete()


def test_deleting_a_flow_of_stock_removes_its_rule(aws: Aws) -> None:
    deploy_stock(aws)
    StepFunctions.from_deployment("train", aws).delete()
    after = account_of(aws)
    assert (after["machine"], after["rule"]) == (None, None)


def test_a_failed_deletion_puts_back_what_was_removed(aws: Aws) -> None:
    deployment = flow(aws, plan(schedules=(DAILY,))).plan().apply()
    before = account_of(aws)
    fail(aws, "stepfunctions", "DeleteStateMachine", "AccessDeniedException")
    with pytest.raises(
        AwsError, match="need the permission states:DeleteStateMachine on arn:aws:states:eu-west-1:"
    ):
        deployment.delete()
    assert account_of(aws) == before


def test_what_is_deployed_is_listed_and_found(aws: Aws) -> None:
    flow(aws).plan().apply()
    flow(aws, dataclasses.replace(plan(), name="other", flow="Other")).plan().apply()
    assert sorted(found.name for found in StepFunctions.list(aws=aws)) == ["other", "train"]
    assert [found.name for found in StepFunctions.list("Other", aws)] == ["other"]
    assert isinstance(StepFunctions.from_deployment("train", aws), Deployment)
    with pytest.raises(Refusal, match="The workflow nope doesn't exist on AWS Step Functions; please deploy"):
        StepFunctions.from_deployment("nope", aws)


@pytest.mark.parametrize("code", ["AccessDeniedException", "KmsAccessDeniedException"])
def test_a_machine_that_may_not_be_read_is_left_out_of_the_list(aws: Aws, code: str) -> None:
    flow(aws).plan().apply()
    flow(aws, plan(name="zother", flow="Other")).plan().apply()
    fail(aws, "stepfunctions", "DescribeStateMachine", code)
    skipped: list[AwsError] = []
    assert [found.name for found in StepFunctions.list(aws=aws, skipped=skipped.append)] == ["zother"]
    assert [error.code for error in skipped] == [code]


def test_a_list_that_cannot_be_made_is_an_error(aws: Aws) -> None:
    flow(aws).plan().apply()
    fail(aws, "stepfunctions", "DescribeStateMachine", "ValidationException")
    with pytest.raises(AwsError, match="ValidationException"):
        list(StepFunctions.list(aws=aws))


def test_a_step_without_a_queue_is_refused(aws: Aws) -> None:
    with pytest.raises(Refusal, match=r"^step start.*: there is no AWS Batch job queue for this step; set"):
        StepFunctions(plan(), Settings(), aws=aws).plan()


def test_service_headers_need_a_secret(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METAFLOW_SERVICE_HEADERS", '{"x-api-key": "canary"}')
    with pytest.raises(
        Refusal, match="METAFLOW_SERVICE_HEADERS is set, and would not reach the jobs"
    ) as refused:
        flow(aws).plan()
    assert "canary" not in str(refused.value)


def test_settings_are_read_as_they_were_written() -> None:
    settings = Settings("gpu", platforms={"gpu": "FARGATE"}, distributed=False, secrets={"A": "arn:b"})
    assert Settings.from_json(settings.to_json()) == settings


@pytest.mark.parametrize("text", ["{", "[]", '{"gone": 1}'])
def test_settings_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(
        Refusal, match=r"the settings cannot be read: .*; write them with create --output-dir"
    ):
        Settings.from_json(text)
