"""Runs: executions of a flow's state machine."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from metaflow_provider.deployment import looks
from metaflow_provider.plan import Refusal

from .aws import Aws, AwsError, Execution
from .history import FailedState, failed_state, unfinished_jobs

PREFIX = "sfn-"
"""What run ids begin with; the execution's name follows."""

STATUSES = ("PENDING", "RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")
_AT_WORK = ("PENDING", "RUNNING")
_LOG_LINES = 20
_STOPPING_SECONDS = 30


@dataclass(frozen=True)
class Failure:
    """Why a run has not succeeded.

    Attributes:
        step: where it failed; empty when it ended between steps.
        task: id of the task.
        tries: how often Batch started the task, lost hosts included; at least, since AWS cuts off what
            is too long.
        reason: in one line, in the words of AWS.
        job: id of the Batch job.
        log: the last lines that the task printed, or one that says why they cannot be read.
    """

    reason: str
    step: str = ""
    task: str = ""
    tries: int = 0
    job: str = ""
    log: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.step:
            return self.reason
        task = f", task {self.task}, try {self.tries}" if self.task else ""
        return f"step {self.step}{task}: {self.reason}"


class Run:
    """A run of a flow.

    Example:
        >>> run = StepFunctions.from_deployment("Train").trigger(alpha=3)
        >>> run.wait(timeout=3600)
        'FAILED'
        >>> print(run.failure())
        step fit, task t-2, try 2: Essential container in task exited, exit code 1
    """

    def __init__(self, aws: Aws, execution: Execution) -> None:
        self._aws = aws
        self.execution = execution
        """As it was when last asked for."""

    @property
    def id(self) -> str:
        """Metaflow's run id."""
        return PREFIX + self.execution.name

    @property
    def status(self) -> str:
        """One of `STATUSES`, asked from AWS while the run is at work.

        Raises:
            AwsError: the call failed.
        """
        if self.known_status in _AT_WORK:
            self.refresh()
        return self.known_status

    @property
    def known_status(self) -> str:
        """One of `STATUSES`, as it was when last asked for."""
        status = self.execution.status
        return "PENDING" if status == "PENDING_REDRIVE" else status

    @property
    def started(self) -> datetime:
        """When it was started."""
        return self.execution.started

    @property
    def stopped(self) -> datetime | None:
        """When it ended, as far as is known; `None` while it is at work."""
        return self.execution.stopped

    def refresh(self) -> None:
        """Ask AWS for the state of things.

        Raises:
            AwsError: the call failed, or AWS has forgotten the run.
        """
        found = self._aws.states.execution(self.execution.arn)
        if found is None:
            raise AwsError(f"There is no execution {self.execution.arn}; AWS keeps them for 90 days")
        self.execution = found

    def wait(self, timeout: float | None = None, every: float = 5) -> str:
        """Wait for the run's end; returns its status.

        Args:
            timeout: in seconds; `None`: as long as it takes.
            every: seconds between two looks.

        Raises:
            TimeoutError: it is still at work.
            AwsError: a call failed.
        """
        for _ in looks(every, timeout):
            if self.status not in _AT_WORK:
                return self.known_status
        raise TimeoutError(f"Run {self.id} is still {self.known_status} after {timeout:g} seconds")

    def failure(self) -> Failure | None:
        """Why the run has not succeeded; `None` while it may, and when it did.

        Asks AWS anew, since lists of runs have no causes; `known_status` is then what this was judged by.

        Raises:
            AwsError: a call failed, or AWS has forgotten the run.
        """
        self.refresh()
        if self.known_status in _AT_WORK or self.known_status == "SUCCEEDED":
            return None
        return _failure(self._aws, self.execution)

    def terminate(self) -> None:
        """End the run, with its Batch jobs. Nothing happens to one that has ended.

        AWS ends the children of Distributed Maps with the execution, and tries to end jobs. Jobs that it has
        not ended are ended here.

        Raises:
            AwsError: a call failed.
        """
        self._aws.states.stop(self.execution.arn, "terminated by metaflow")
        for _ in looks(every=1, seconds=_STOPPING_SECONDS):
            if self.status not in _AT_WORK:
                break
        # A child that stops meanwhile is seen twice.
        jobs = sorted(set(_unfinished_jobs(self._aws, self.execution.arn)))
        for job in self._aws.batch.at_work(jobs):
            self._aws.batch.terminate(job, f"run {self.id} was terminated")


def start_run(aws: Aws, machine_arn: str, text: str, name: str = "") -> Run:
    """Start a run.

    Args:
        aws: where.
        machine_arn: of the flow's state machine.
        text: input of the execution, as JSON.
        name: of the execution; a new one if empty. Starting the same again does nothing.

    Raises:
        AwsError: the call failed.
    """
    # With a name of our own a call that is repeated for want of an answer does not start a second run.
    return Run(aws, aws.states.start(machine_arn, name or str(uuid.uuid4()), text))


def find_run(aws: Aws, machine: str, run_id: str) -> Run:
    """A run of a state machine by its id.

    Raises:
        Refusal: it is no run id, or there is no such run of this machine.
        AwsError: the call failed.
    """
    if not run_id.startswith(PREFIX):
        raise Refusal(
            f"{run_id} is no run of Step Functions: "
            f"Run IDs for flows executed through AWS Step Functions begin with '{PREFIX}'"
        )
    execution = aws.states.execution(aws.execution_arn(machine, run_id.removeprefix(PREFIX)))
    if execution is None:
        raise Refusal(
            f"Could not find the run {run_id} of the state machine {machine} on AWS Step Functions",
            remedy="check the id and the name of the flow; AWS forgets runs 90 days after their end",
        )
    return Run(aws, execution)


def list_runs(aws: Aws, machine_arn: str, statuses: Collection[str] = ()) -> Iterator[Run]:
    """Runs of a state machine, the latest first; with statuses given, those of the first one come first.

    Raises:
        AwsError: a call failed.
    """
    for status in statuses or ("",):
        asked = "PENDING_REDRIVE" if status == "PENDING" else status
        for execution in aws.states.executions(machine_arn, asked):
            yield Run(aws, execution)


def _failure(aws: Aws, execution: Execution) -> Failure:
    if execution.status == "TIMED_OUT":
        return Failure("the run took longer than its workflow timeout")
    if execution.status == "ABORTED":
        return Failure(f"the run was stopped: {execution.cause or execution.error or 'nobody said why'}")
    failed = _failed_state(aws, execution.arn)
    if failed is None:
        return Failure(f"{execution.error}: {execution.cause}")
    step = failed.environment.get("METAFLOW_STEP_NAME") or failed.name.partition(".")[0]
    if not failed.job:
        return Failure(f"{failed.error}: {failed.cause}", step=step)
    reason, log = _job_said(aws, failed)
    return Failure(
        reason,
        step=step,
        task=failed.environment.get("METAFLOW_ORCHESTRATORS_TASK") or failed.job,
        tries=failed.tries,
        job=failed.job,
        log=log,
    )


def _failed_state(aws: Aws, execution_arn: str) -> FailedState | None:
    failed = failed_state(aws.states.history(execution_arn))
    if failed is None or not failed.map_run:
        return failed
    children = aws.states.children(failed.map_run, "FAILED")
    # The others failed or were stopped because of the first.
    first = min(children, key=lambda child: child.stopped or child.started, default=None)
    return failed if first is None else _failed_state(aws, first.arn) or failed


def _job_said(aws: Aws, failed: FailedState) -> tuple[str, tuple[str, ...]]:
    """Why a job failed, and the end of its log."""
    job = aws.batch.job(failed.job)
    if job is None:
        return f"{failed.error}: Batch has forgotten job {failed.job}", ()
    if not job.log_stream:
        return job.reason, ()
    try:
        return job.reason, aws.logs.tail(job.log_group, job.log_stream, _LOG_LINES)
    except AwsError as error:
        return job.reason, (f"the log cannot be read: {error}",)


def _unfinished_jobs(aws: Aws, execution_arn: str) -> Iterator[str]:
    yield from unfinished_jobs(aws.states.history(execution_arn))
    for map_run in aws.states.map_runs(execution_arn):
        for status in ("RUNNING", "ABORTED"):
            for child in aws.states.children(map_run, status):
                yield from _unfinished_jobs(aws, child.arn)
