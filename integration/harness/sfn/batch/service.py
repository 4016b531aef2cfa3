"""The operations of AWS Batch that concern definitions and jobs."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from integration.harness.sfn.batch.containers import node_container, node_count, overridden
from integration.harness.sfn.batch.definitions import Definition, Definitions
from integration.harness.sfn.batch.errors import ClientException
from integration.harness.sfn.batch.jobs import Job, Queue
from integration.harness.sfn.batch.refusals import check_shape, check_submission, refuse_unless
from integration.harness.sfn.batch.runner import Runner

Request = dict[str, Any]
Answer = dict[str, Any]
PAGE = 100


class Batch:
    """Batch of one account in one region.

    Args:
        arn: what ARNs begin with: `arn:aws:batch:<region>:<account>:`.
        queue: the job queue of a name or ARN; raises ClientException.
        runner: runs what is submitted.
    """

    def __init__(self, arn: str, queue: Callable[[str], Queue], runner: Runner) -> None:
        self._arn = arn
        self._queue = queue
        self._definitions = Definitions(f"{arn}job-definition/")
        self._jobs: dict[str, Job] = {}
        self.runner = runner
        self._operations: dict[str, Callable[[Request], Answer]] = {
            "RegisterJobDefinition": self._definitions.register,
            "DeregisterJobDefinition": self._deregister,
            "DescribeJobDefinitions": self._describe_definitions,
            "SubmitJob": self._submit,
            "DescribeJobs": self._describe_jobs,
            "ListJobs": self._list_jobs,
            "TerminateJob": self._terminate,
            "CancelJob": self._cancel,
        }

    @property
    def operations(self) -> frozenset[str]:
        return frozenset(self._operations)

    def call(self, operation: str, request: Request) -> Answer:
        """Answer a request in the API's own form.

        Raises:
            ClientException: the request is wrong.

        Example:
            batch.call("DescribeJobs", {"jobs": ["8d6f…"]})
        """
        check_shape(operation, request)
        return self._operations[operation](request)

    def job(self, job_id: str) -> Job:
        """A job or node by its id or ARN.

        Raises:
            ClientException: there is none.
        """
        job = self._jobs.get(job_id.rsplit("/", 1)[-1])
        if job is None:
            raise ClientException(f"Job {job_id} not found")
        return job

    def _deregister(self, request: Request) -> Answer:
        self._definitions.deregister(request["jobDefinition"])
        return {}

    def _describe_definitions(self, request: Request) -> Answer:
        return page("jobDefinitions", self._definitions.describe(request), request)

    def _submit(self, request: Request) -> Answer:
        check_submission(request)
        definition = self._definitions.active(request["jobDefinition"])
        queue = self._queue(request["jobQueue"])
        platforms = definition.get("platformCapabilities") or ["EC2"]
        platform = "FARGATE" if queue.fargate else "EC2"
        refuse_unless(
            platform in platforms, f"Job definition is for {platforms}, job queue {queue.name} is {platform}"
        )
        job = self._new_job(definition, queue, request)
        for each in [job, *job.nodes]:
            self._jobs[each.id] = each
        self.runner.submit(job)
        return {"jobArn": job.arn, "jobName": job.name, "jobId": job.id}

    def _new_job(self, definition: Definition, queue: Queue, request: Request) -> Job:
        job_id = str(uuid.uuid4())
        arn = f"{self._arn}job/{job_id}"
        if definition["type"] == "multinode":
            refuse_unless("containerOverrides" not in request, "A multi-node job takes nodeOverrides")
            indexes = range(node_count(definition, request))
            containers = [node_container(definition, request, index) for index in indexes]
            nodes = [
                Job(f"{job_id}#{index}", f"{arn}#{index}", queue, definition, request, container, [], index)
                for index, container in enumerate(containers)
            ]
            return Job(job_id, arn, queue, definition, request, {}, nodes)
        refuse_unless("nodeOverrides" not in request, "nodeOverrides are for multi-node jobs")
        overrides = request.get("containerOverrides") or {}
        container = overridden(definition["containerProperties"], overrides)
        return Job(job_id, arn, queue, definition, request, container)

    def _describe_jobs(self, request: Request) -> Answer:
        ids = [reference.rsplit("/", 1)[-1] for reference in request["jobs"]]
        return {"jobs": [self._jobs[job_id].describe() for job_id in ids if job_id in self._jobs]}

    def _list_jobs(self, request: Request) -> Answer:
        if parent := request.get("multiNodeJobId"):
            jobs = self.job(parent).nodes
        else:
            queue = self._queue(request.get("jobQueue", ""))
            mine = [job for job in list(self._jobs.values()) if job.queue == queue and job.node_index is None]
            wanted = request.get("jobStatus", "RUNNING")
            jobs = [job for job in reversed(mine) if job.status == wanted]
        return page("jobSummaryList", [job.summary() for job in jobs], request)

    def _terminate(self, request: Request) -> Answer:
        self.job(request["jobId"]).terminate(request["reason"])
        return {}

    def _cancel(self, request: Request) -> Answer:
        job = self.job(request["jobId"])
        if job.status in {"SUBMITTED", "PENDING", "RUNNABLE"}:
            job.terminate(request["reason"])
        return {}


def page(name: str, rows: list[Answer], request: Request) -> Answer:
    """One page of a list; a token is the number of rows before it."""
    first = int(request.get("nextToken") or 0)
    last = first + min(request.get("maxResults") or PAGE, PAGE)
    token = {"nextToken": str(last)} if last < len(rows) else {}
    return {name: rows[first:last], **token}
