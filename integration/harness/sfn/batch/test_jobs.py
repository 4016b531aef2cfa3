"""How jobs run, are tried again, and end."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from integration.harness.process import wait_until
from integration.harness.sfn.batch.errors import ClientException
from integration.harness.sfn.batch.local import CONTAINER, Local
from integration.harness.sfn.batch.retries import EXITED, HOST_LOST, TIMED_OUT, Ending, again

pytestmark = pytest.mark.sfn


def test_a_job_sees_what_a_container_sees_and_nothing_of_this_user(local: Local) -> None:
    local.define("secretive", {**CONTAINER, "secrets": [{"name": "TOKEN", "valueFrom": "token"}]})
    overrides = {"environment": [{"name": "GIVEN", "value": "a b$HOME"}]}
    command = (sys.executable, "-c", "import json, os; print(json.dumps([dict(os.environ), os.getcwd()]))")
    job = local.submit(*command, definition="secretive", containerOverrides=overrides)
    assert local.ended(job)["status"] == "SUCCEEDED"
    variables, folder = json.loads(local.log(job))
    assert variables.pop("HOME") == variables.pop("TMPDIR") == folder
    assert variables.pop("PATH").startswith(str(Path(sys.executable).parent))
    variables.pop("LC_CTYPE", None)  # Python's own
    assert variables == {
        "GIVEN": "a b$HOME",
        "TOKEN": "s3cret",
        "AWS_BATCH_JOB_ID": job,
        "AWS_BATCH_JOB_ATTEMPT": "1",
        "AWS_BATCH_CE_NAME": "hosts",
        "AWS_BATCH_JQ_NAME": "ec2",
        "AWS_EXECUTION_ENV": "AWS_ECS_EC2",
    }
    assert not os.path.exists(folder)


def test_a_command_is_not_read_by_a_shell(local: Local) -> None:
    job = local.submit("printf", "%s|", "a b", "$HOME; Ref::who", parameters={"who": "me"})
    local.ended(job)
    assert local.log(job) == "a b|$HOME; me|"


def test_what_cannot_start_says_why(local: Local) -> None:
    missing = local.ended(local.submit("no-such-program"))
    assert (missing["status"], missing["statusReason"]) == ("FAILED", "Task failed to start")
    assert "no-such-program" in missing["container"]["reason"]
    local.define("unknown", {**CONTAINER, "secrets": [{"name": "TOKEN", "valueFrom": "gone"}]})
    unknown = local.ended(local.submit("true", definition="unknown"))
    assert unknown["container"]["reason"] == "ResourceInitializationError: unable to pull secrets: 'gone'"


def test_attempts_are_described_one_by_one(local: Local) -> None:
    failing = 'echo attempt $AWS_BATCH_JOB_ATTEMPT; [ "$AWS_BATCH_JOB_ATTEMPT" = 3 ]'
    job = local.ended(local.script(failing, retryStrategy={"attempts": 5}))
    assert job["status"] == "SUCCEEDED"
    assert [attempt["container"]["exitCode"] for attempt in job["attempts"]] == [1, 1, 0]
    assert len({attempt["container"]["logStreamName"] for attempt in job["attempts"]}) == 3
    assert local.log(job["jobId"]) == "attempt 3\n"


def test_a_host_that_is_lost_can_be_told_from_an_exit(local: Local) -> None:
    rules = [{"onStatusReason": "Host EC2*", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}]
    strategy = {"attempts": 3, "evaluateOnExit": rules}
    job_id = local.script('[ "$AWS_BATCH_JOB_ATTEMPT" = 2 ] && exit 4; sleep 60', retryStrategy=strategy)
    local.running(job_id)
    local.runner.lose_host(job_id)
    job = local.ended(job_id)
    assert [attempt["container"].get("exitCode") for attempt in job["attempts"]] == [None, 4]
    assert re.fullmatch(
        r"Host EC2 \(instance i-[0-9a-f]{16}\) terminated\.", job["attempts"][0]["statusReason"]
    )
    assert (job["status"], job["statusReason"]) == ("FAILED", EXITED)
    with pytest.raises(ClientException, match="is not running"):
        local.runner.lose_host(job_id)


def test_an_attempt_out_of_time_is_not_made_again(local: Local) -> None:
    limits: dict[str, Any] = {"timeout": {"attemptDurationSeconds": 1}, "retryStrategy": {"attempts": 3}}
    job = local.ended(local.script("sleep 60", **limits))
    assert (job["status"], job["statusReason"], len(job["attempts"])) == ("FAILED", TIMED_OUT, 1)


@pytest.mark.parametrize("stubborn", [False, True], ids=["obeying", "stubborn"])
def test_a_terminated_job_ends_with_all_that_it_started(local: Local, stubborn: bool) -> None:
    trap = "trap '' TERM" if stubborn else "trap 'echo told; exit 0' TERM"
    job_id = local.script(f"{trap}; sleep 60 & echo $!; wait; wait", retryStrategy={"attempts": 5})
    local.running(job_id)
    log = local.site.folder / f"{job_id}-1.log"
    wait_until(lambda: log.read_text().strip() != "", 20, "the child's pid")
    child = int(log.read_text())
    local.batch.call("TerminateJob", {"jobId": job_id, "reason": "enough"})
    job = local.ended(job_id)
    assert (job["status"], job["statusReason"], len(job["attempts"])) == ("FAILED", "enough", 1)
    assert ("told" in local.log(job_id)) is not stubborn
    wait_until(lambda: not alive(child), 5, "the end of the child")


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_a_job_that_waits_for_its_turn_is_cancelled_without_an_attempt(tmp_path: Path) -> None:
    local = Local(tmp_path, parallel=1)
    first, second = local.script("sleep 60"), local.script("true")
    local.running(first)
    local.batch.call("CancelJob", {"jobId": second, "reason": "not needed"})
    local.batch.call("CancelJob", {"jobId": first, "reason": "runs already"})
    assert local.describe(first)["status"] == "RUNNING"
    local.batch.call("TerminateJob", {"jobId": first, "reason": "over"})
    job = local.ended(second)
    assert (job["status"], job["statusReason"], job["attempts"]) == ("FAILED", "not needed", [])


def test_no_more_jobs_run_at_once_than_said(local: Local) -> None:
    jobs = [local.ended(job) for job in [local.submit("sleep", "0.2") for _ in range(6)]]
    spans = [(job["startedAt"], job["stoppedAt"]) for job in jobs]
    at_once = [sum(first < start < last for first, last in spans) for start, _ in spans]
    assert max(at_once) + 1 == local.site.parallel == 2


RULES = [
    {"onStatusReason": "Host EC2*", "action": "retry"},
    {"onExitCode": "13*", "action": "EXIT"},
    {"onReason": "CannotPull*", "onExitCode": "1", "action": "EXIT"},
]


@pytest.mark.parametrize(
    ("ending", "attempts", "retried"),
    [
        (Ending(EXITED, 1), 1, True),
        (Ending(EXITED, 1), 3, False),
        (Ending(EXITED, 137), 1, False),
        (Ending(EXITED, 1, "CannotPullContainerError"), 1, False),
        (Ending(EXITED, 2, "CannotPullContainerError"), 1, True),
        (Ending(HOST_LOST.format(instance="i-1")), 2, True),
        (Ending(TIMED_OUT), 1, False),
    ],
)
def test_rules_decide_on_another_attempt(ending: Ending, attempts: int, retried: bool) -> None:
    assert again(ending, {"attempts": 3, "evaluateOnExit": RULES}, attempts) is retried
