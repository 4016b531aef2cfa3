from __future__ import annotations

import dataclasses
import json
import time
from typing import Any

import pytest

from metaflow_provider.plan import Refusal
from metaflow_provider.plan.model import Parameter
from sfn import Aws, AwsError, Deployment, StepFunctions
from sfn.history import failed_state, unfinished_jobs
from tests.sfn.account import fail, flow, plan
from tests.sfn.replay import Replay

EXITED = "Essential container in task exited, exit code 3"


@pytest.fixture
def deployment(aws: Aws) -> Deployment:
    return flow(aws).plan().apply()


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    ("recording", "said"),
    [
        ("linear", f"step train, task t, try 2: {EXITED}"),
        ("inline", f"step body, task t-1, try 2: {EXITED}"),
        ("distributed", f"step body, task t-1, try 2: {EXITED}"),
        ("gang", "step gang, task t, try 1: Essential container in task exited, exit code 4"),
        ("failstate", "step start: Metaflow.UnknownStep: the switch chose x"),
        ("timeout", "the run took longer than its workflow timeout"),
    ],
)
def test_a_failure_names_the_task(recording: str, said: str) -> None:
    assert str(Replay(recording).run().failure()) == said


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("recording", ["linear", "inline", "distributed"])
def test_a_failure_has_the_end_of_the_tasks_log(recording: str) -> None:
    replay = Replay(recording)
    failure = replay.run().failure()
    assert failure is not None
    assert failure.log == ("hello", "Traceback: bad")
    assert {failure.job} == {
        job["jobId"] for answer in replay.answers("DescribeJobs") for job in answer["jobs"]
    }


@pytest.mark.usefixtures("environment")
def test_of_several_failures_the_one_that_ended_the_run_counts() -> None:
    [history] = Replay("inline").answers("GetExecutionHistory")
    failed = [event for event in history["events"] if event["type"] == "TaskFailed"]
    assert len(failed) > 2
    found = failed_state(history["events"])
    assert found is not None
    assert found.cause == history["events"][0]["executionFailedEventDetails"]["cause"]


@pytest.mark.usefixtures("environment")
def test_a_log_that_cannot_be_read_hides_no_failure() -> None:
    replay = Replay("linear")
    fail(replay.aws, "logs", "GetLogEvents", "AccessDeniedException")
    replay.aws.client("logs").meta.events.unregister("before-call.*.*", replay._answer)
    failure = replay.run().failure()
    assert failure is not None
    assert failure.reason == EXITED
    [line] = failure.log
    assert line.startswith(
        "the log cannot be read: logs:GetLogEvents on log-group:/aws/batch/job:log-stream:bad/"
    )
    assert "need the permission logs:GetLogEvents" in line


@pytest.mark.usefixtures("environment")
def test_a_job_that_batch_has_forgotten_hides_no_failure() -> None:
    replay = Replay("linear")
    for answer in replay.answers("DescribeJobs"):
        answer["jobs"] = []
    assert str(replay.run().failure()) == (
        "step train, task t, try 2: States.TaskFailed: Batch has forgotten job "
        "607d0608-5589-402f-b8a8-16463b8a6cb5"
    )


@pytest.mark.usefixtures("environment")
def test_terminating_ends_the_run_first_and_then_its_jobs() -> None:
    replay = Replay("terminate")
    jobs = [job["jobId"] for answer in replay.answers("DescribeJobs") for job in answer["jobs"]]
    assert len(jobs) == 4  # one of a branch, three of the children of a Distributed Map
    run = replay.run()
    run.terminate()
    made = [action for action, _ in replay.made]
    assert made[0] == "StopExecution"
    ended = [arguments for action, arguments in replay.made if action == "TerminateJob"]
    assert {arguments["jobId"] for arguments in ended} == set(jobs)
    assert {arguments["reason"] for arguments in ended} == {f"run {run.id} was terminated"}


@pytest.mark.usefixtures("environment")
def test_jobs_that_aws_has_ended_are_left_alone() -> None:
    replay = Replay("terminate")
    for answer in replay.answers("DescribeJobs"):
        for job in answer["jobs"]:
            job["status"] = "FAILED"
    replay.run().terminate()
    assert "TerminateJob" not in [action for action, _ in replay.made]


@pytest.mark.usefixtures("environment")
def test_jobs_whose_end_was_seen_are_finished() -> None:
    [history] = Replay("linear").answers("GetExecutionHistory")
    assert list(unfinished_jobs(history["events"])) == []
    [last, _] = [event for event in history["events"] if event["type"] == "TaskFailed"]
    unseen = [event for event in history["events"] if event is not last]
    assert list(unfinished_jobs(unseen)) == [json.loads(last["taskFailedEventDetails"]["cause"])["JobId"]]


@pytest.mark.usefixtures("environment")
def test_a_job_that_took_too_long_is_a_try_too() -> None:
    [history] = Replay("linear").answers("GetExecutionHistory")
    for event in history["events"]:
        if event["type"] == "TaskFailed":
            del event["taskFailedEventDetails"]
            event |= {"type": "TaskTimedOut", "taskTimedOutEventDetails": {"error": "States.Timeout"}}
    found = failed_state(history["events"])
    assert found is not None
    assert (found.error, found.tries) == ("States.Timeout", 2)


@pytest.mark.usefixtures("environment")
def test_what_aws_has_cut_off_hides_no_failure() -> None:
    [history] = Replay("linear").answers("GetExecutionHistory")
    for event in history["events"]:
        for details in (event.get("taskFailedEventDetails", {}), event.get("taskSubmittedEventDetails", {})):
            details.update({name: details[name][:40] for name in ("cause", "output") if name in details})
    found = failed_state(history["events"])
    assert found is not None
    failed = [event for event in history["events"] if event["type"] == "TaskFailed"]
    assert (found.name, found.job, found.tries) == ("train", "", len(failed))
    assert list(unfinished_jobs([e for e in history["events"] if e["type"] != "TaskFailed"])) == []


def test_a_run_is_started_with_its_parameters(deployment: Deployment) -> None:
    values: dict[str, Any] = {"name": "$HOME `date` \"'\n\u2028é😀", "n": 3, "items": [None, {"a": True}]}
    run = deployment.trigger(**values)
    assert run.id.startswith("sfn-")
    run.refresh()
    given = json.loads(run.execution.input)
    assert list(given) == ["Parameters"]
    assert json.loads(given["Parameters"]) == values
    assert run.status == "RUNNING"
    assert run.stopped is None


def test_parameters_of_100_kilobytes_pass(deployment: Deployment) -> None:
    text = "\"\\\n'`$HOME é" * 9000
    run = deployment.trigger(text=text)
    run.refresh()
    assert json.loads(json.loads(run.execution.input)["Parameters"])["text"] == text


def test_parameters_that_are_too_long_start_nothing(deployment: Deployment) -> None:
    with pytest.raises(Refusal) as refused:
        deployment.trigger(text="é" * 131072)
    assert str(refused.value) == (
        "Length of parameter names and values is 262178 bytes, Step Functions takes 260096; "
        "put the data in S3, and pass its address"
    )
    assert list(deployment.runs()) == []


@pytest.mark.parametrize("value", [object(), float("nan"), "\ud800"])
def test_parameters_that_are_no_json_start_nothing(deployment: Deployment, value: Any) -> None:
    with pytest.raises(Refusal, match=r"^the value of parameter 'value' is no JSON: "):
        deployment.trigger(value=value)
    assert list(deployment.runs()) == []


def test_parameters_of_another_name_start_nothing(aws: Aws) -> None:
    parameters = (Parameter("alpha", "float"), Parameter("beta", "str"))
    deployment = flow(aws, plan(parameters=parameters)).plan().apply()
    with pytest.raises(Refusal) as refused:
        deployment.trigger(alpha=1, gamma=2)
    assert str(refused.value) == "the flow Train has no parameter gamma; it has alpha, beta"
    assert list(deployment.runs()) == []


def test_a_run_is_found_by_its_pathspec(deployment: Deployment) -> None:
    run = deployment.trigger()
    assert deployment.run(f"{deployment.flow}/{run.id}").id == run.id
    with pytest.raises(Refusal, match=f"^Other/{run.id} is no run of the flow Train; check the id$"):
        deployment.run(f"Other/{run.id}")


def test_a_run_can_have_a_name(deployment: Deployment) -> None:
    run = deployment.start({"name": "ada"}, name="daily-1")
    assert run.id == "sfn-daily-1"
    assert deployment.run("sfn-daily-1").execution.arn == run.execution.arn


def test_runs_are_listed_by_status(deployment: Deployment) -> None:
    first, second = deployment.trigger(), deployment.trigger()
    second._aws.states.stop(second.execution.arn, "enough")
    assert {run.id for run in deployment.runs()} == {first.id, second.id}
    assert [run.id for run in deployment.runs("RUNNING")] == [first.id]
    assert [run.id for run in deployment.runs("ABORTED", "RUNNING")] == [second.id, first.id]
    assert list(deployment.runs("FAILED")) == []


def test_a_stopped_run_says_why(deployment: Deployment) -> None:
    run = deployment.trigger()
    run.terminate()
    assert run.wait(timeout=5, every=0.01) == "ABORTED"
    assert str(run.failure()).startswith("the run was stopped: ")
    assert run.stopped is not None


def test_a_listed_run_says_why_it_was_stopped(deployment: Deployment) -> None:
    deployment._aws.states.stop(deployment.trigger().execution.arn, "enough of it")
    deployment._aws.client("stepfunctions").meta.events.register(
        "after-call.*.DescribeExecution", lambda parsed, **_: parsed.update(cause="enough of it")
    )
    [run] = deployment.runs("ABORTED")
    assert run.execution.cause == ""
    assert str(run.failure()) == "the run was stopped: enough of it"


def test_status_and_failure_are_of_one_look(deployment: Deployment) -> None:
    run = deployment.trigger()
    assert run.failure() is None
    deployment._aws.states.stop(run.execution.arn, "enough")
    assert run.known_status == "RUNNING"
    assert run.failure() is not None
    assert run.known_status == "ABORTED"


def test_waiting_ends_with_its_timeout(deployment: Deployment) -> None:
    run = deployment.trigger()
    begin = time.monotonic()
    with pytest.raises(TimeoutError, match=f"Run {run.id} is still RUNNING after 0.05 seconds"):
        run.wait(timeout=0.05, every=0.02)
    assert time.monotonic() - begin < 5
    assert run.failure() is None


def test_a_run_of_another_flow_is_refused(aws: Aws, deployment: Deployment) -> None:
    run = deployment.trigger()
    arn = aws.machine_arn("other")
    aws.states.create(dataclasses.replace(deployment.deployed.machine, name="other", arn=arn))
    other = StepFunctions.from_deployment("other", aws)
    with pytest.raises(
        Refusal, match=f"Could not find the run {run.id} of the state machine other on AWS Step"
    ):
        other.run(run.id)
    with pytest.raises(
        Refusal, match="Run IDs for flows executed through AWS Step Functions begin with 'sfn-'"
    ):
        other.run("argo-1")


def test_a_denied_start_is_one_line(aws: Aws, deployment: Deployment) -> None:
    fail(aws, "stepfunctions", "StartExecution", "AccessDeniedException")
    arn = aws.machine_arn("train")
    with pytest.raises(AwsError, match=f"need the permission states:StartExecution on {arn}$"):
        deployment.trigger()
