"""A Batch of its own for tests: no server, real processes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from integration.harness.process import wait_until
from integration.harness.sfn.batch.jobs import Queue
from integration.harness.sfn.batch.runner import Runner, Site
from integration.harness.sfn.batch.service import Batch
from integration.harness.sfn.sample import SIZE

ARN = "arn:aws:batch:us-east-1:1:"
QUEUES = {
    "ec2": Queue("ec2", f"{ARN}job-queue/ec2", "hosts", fargate=False),
    "fargate": Queue("fargate", f"{ARN}job-queue/fargate", "serverless", fargate=True),
}
CONTAINER = {"image": "none", "command": ["true"], "resourceRequirements": SIZE}
FARGATE_SIZE = [{"type": "VCPU", "value": "0.25"}, {"type": "MEMORY", "value": "512"}]
FARGATE = {"image": "none", "executionRoleArn": "r", "resourceRequirements": FARGATE_SIZE}
NODES = {
    "numNodes": 2,
    "mainNode": 0,
    "nodeRangeProperties": [
        {"targetNodes": "0:0", "container": {**CONTAINER, "command": ["bash", "-c", "env; sleep 0.5"]}},
        {"targetNodes": "1:", "container": {**CONTAINER, "command": ["bash", "-c", "env; sleep 60"]}},
    ],
}


class Local:
    """A Batch with one definition `d`, and what it has been told and has printed."""

    def __init__(self, folder: Path, parallel: int = 2) -> None:
        self.secrets = {"token": "s3cret"}
        self.logs: dict[str, str] = {}
        self.site = Site(
            folder=folder,
            environment=lambda stream: {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"},
            secret=self.secrets.__getitem__,
            publish=lambda group, stream, text: self.logs.update({stream: text}),
            parallel=parallel,
            grace=1.0,
        )
        self.runner = Runner(self.site)
        self.batch = Batch(ARN, QUEUES.__getitem__, self.runner)
        self.define("d", CONTAINER)

    def define(self, name: str, container: dict[str, Any], **more: Any) -> str:
        request = {"jobDefinitionName": name, "type": "container", "containerProperties": container, **more}
        return str(self.batch.call("RegisterJobDefinition", request)["jobDefinitionArn"])

    def submit(self, *command: str, queue: str = "ec2", definition: str = "d", **more: Any) -> str:
        overrides = {"command": list(command), **more.pop("containerOverrides", {})}
        request = {"jobName": "j", "jobQueue": queue, "jobDefinition": definition, **more}
        if "nodeOverrides" not in more:
            request["containerOverrides"] = overrides
        return str(self.batch.call("SubmitJob", request)["jobId"])

    def script(self, text: str, **more: Any) -> str:
        return self.submit("bash", "-c", text, **more)

    def describe(self, job_id: str) -> dict[str, Any]:
        [job] = self.batch.call("DescribeJobs", {"jobs": [job_id]})["jobs"]
        return dict(job)

    def ended(self, job_id: str, seconds: float = 20) -> dict[str, Any]:
        assert self.batch.job(job_id).ended.wait(seconds), self.describe(job_id)
        return self.describe(job_id)

    def running(self, job_id: str) -> None:
        wait_until(lambda: self.batch.job(job_id).status == "RUNNING", 20, f"{job_id} runs")

    def log(self, job_id: str) -> str:
        job = self.batch.job(job_id)
        stream = job.attempts[-1]["container"]["logStreamName"]
        wait_until(lambda: stream in self.logs, 20, f"the log of {job_id}")
        return self.logs[stream]
