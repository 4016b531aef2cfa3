"""AWS Batch: job definitions, queues and jobs.

https://docs.aws.amazon.com/batch/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..settings import EC2, FARGATE
from .errors import AwsError
from .service import Service

DEFAULT_LOG_GROUP = "/aws/batch/job"
# DescribeJobs takes so many at once.
_JOBS_A_CALL = 100
_ENDED = ("SUCCEEDED", "FAILED")


@dataclass(frozen=True)
class Job:
    """A job.

    Attributes:
        reason: why it is in its status, in Batch's words, with the container's own and its exit code.
        log_group: CloudWatch log group of its output.
        log_stream: stream of the latest attempt; empty when none has started, or it logs elsewhere.
    """

    id: str
    status: str
    reason: str = ""
    log_group: str = DEFAULT_LOG_GROUP
    log_stream: str = ""


class Batch(Service):
    """What is asked of Batch.

    Example:
        >>> aws.batch.platform("default-queue")
        'FARGATE'
    """

    service = "batch"

    def active(self, name: str) -> dict[str, Any] | None:
        """The job definition of this name that jobs are started from, in AWS's own form."""
        found = self._pages(
            "DescribeJobDefinitions", "*", "jobDefinitions", jobDefinitionName=name, status="ACTIVE"
        )
        return max(found, key=lambda definition: definition["revision"], default=None)

    def register(self, request: Mapping[str, Any]) -> None:
        """Register a job definition."""
        name = f"job-definition/{request['jobDefinitionName']}"
        self._call("RegisterJobDefinition", name, **request)

    def platform(self, queue: str) -> str:
        """`EC2` or `FARGATE`, by the first compute environment of a job queue.

        Raises:
            AwsError: there is no such queue, it has no compute environment, or a call failed.
        """
        found = self._call("DescribeJobQueues", queue, jobQueues=[queue])["jobQueues"]
        if not found:
            raise AwsError(
                f"batch:DescribeJobQueues on {queue}: there is no such job queue; check its name and region"
            )
        order = sorted(found[0].get("computeEnvironmentOrder", []), key=lambda entry: int(entry["order"]))
        environments = self._environments(order[0]["computeEnvironment"]) if order else []
        if not environments:
            raise AwsError(
                f"batch:DescribeJobQueues on {queue}: the job queue has no compute environment; "
                "give it one, or choose another queue"
            )
        kind = environments[0].get("computeResources", {}).get("type", "")
        return FARGATE if kind.startswith(FARGATE) else EC2

    def job(self, job_id: str) -> Job | None:
        """A job, or the main node of one that has several; Batch forgets it a week after it has ended."""
        found = next(self._jobs([job_id]), None)
        if found is not None and "nodeProperties" in found:
            main = f"{job_id}#{found['nodeProperties']['mainNode']}"
            return next((_job(node) for node in self._jobs([main])), _job(found))
        return None if found is None else _job(found)

    def at_work(self, job_ids: Iterable[str]) -> list[str]:
        """Those of the jobs that have not ended."""
        return [found["jobId"] for found in self._jobs(job_ids) if found["status"] not in _ENDED]

    def terminate(self, job_id: str, reason: str) -> None:
        """End a job, whether it runs already or not."""
        self._call("TerminateJob", f"job/{job_id}", jobId=job_id, reason=reason)

    def _environments(self, name: str) -> list[dict[str, Any]]:
        """The compute environment of this name or ARN, if there is one."""
        answer = self._call("DescribeComputeEnvironments", name, computeEnvironments=[name])
        return list(answer["computeEnvironments"])

    def _jobs(self, job_ids: Iterable[str]) -> Iterator[dict[str, Any]]:
        left = list(job_ids)
        while left:
            some, left = left[:_JOBS_A_CALL], left[_JOBS_A_CALL:]
            yield from self._call("DescribeJobs", "*", jobs=some)["jobs"]


def _job(found: Mapping[str, Any]) -> Job:
    container = found.get("container") or {}
    attempts = found.get("attempts") or []
    last: dict[str, Any] = attempts[-1].get("container", {}) if attempts else {}
    logging = container.get("logConfiguration") or {}
    exit_code = container.get("exitCode", last.get("exitCode"))
    said = [
        found.get("statusReason"),
        container.get("reason") or last.get("reason"),
        None if exit_code is None else f"exit code {exit_code}",
    ]
    return Job(
        id=found["jobId"],
        status=found["status"],
        reason=", ".join(str(part) for part in said if part),
        log_group=(logging.get("options") or {}).get("awslogs-group", DEFAULT_LOG_GROUP),
        log_stream=container.get("logStreamName") or last.get("logStreamName", ""),
    )
