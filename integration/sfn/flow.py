"""A flow of a test: written, deployed by its own command, started, and looked at by what it left in AWS."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from integration.conformance.commands import run
from integration.conformance.compare import RunSnapshot, TaskKey, TaskSnapshot, snapshot_in
from integration.harness.process import base_env
from integration.harness.sfn.engine import Engine
from integration.harness.sfn.names import ACCOUNT, BUCKET, EC2_QUEUE, REGION

STATUSES = ("SUBMITTED", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED")
_PAGE = 100


@dataclass(frozen=True)
class Flow:
    """A flow file in a folder, and the engine that its commands use.

    Args:
        engine: AWS.
        folder: for the file, which is called like the flow.
        name: of the flow's class, and so of the state machine.
        variables: of the environment of its commands, over the engine's.

    Example:
        flow = Flow(engine, tmp_path, "One").write("@step\ndef start(self): ...")
        flow.create("--max-workers=2")
        assert flow.ended(flow.start(alpha=3))["status"] == "SUCCEEDED"
    """

    engine: Engine
    folder: Path
    name: str
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        return self.folder / f"{self.name}.py"

    @property
    def env(self) -> dict[str, str]:
        return {**base_env(), **self.engine.env, **self.variables}

    @property
    def arn(self) -> str:
        """Of the state machine."""
        return f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{self.name}"

    def write(self, steps: str, decorators: str = "", before: str = "") -> Flow:
        """Write the file: `steps` is the body of the class, `before` what stands above its decorators."""
        lines = [
            "import os, time",
            "from metaflow import *",
            textwrap.dedent(before),
            *decorators.split("\n"),
            f"class {self.name}(FlowSpec):",
            textwrap.indent(textwrap.dedent(steps), "    "),
            'if __name__ == "__main__":',
            f"    {self.name}()",
        ]
        self.file.write_text("\n".join(lines))
        return self

    def command(self, *arguments: str) -> str:
        """What a `step-functions` command prints; raises CommandFailed with what it said when it fails."""
        top = [sys.executable, str(self.file), "--no-pylint", "step-functions"]
        return run([*top, *arguments], self.env, self.folder)

    def create(self, *options: str) -> None:
        self.command("create", *options)

    def definition(self) -> str:
        """The deployed state machine's."""
        machine = self.engine.client("stepfunctions").describe_state_machine(stateMachineArn=self.arn)
        return str(machine["definition"])

    def start(self, **parameters: Any) -> str:
        """Start an execution as anybody may who has the state machine alone; returns its ARN."""
        states = self.engine.client("stepfunctions")
        given = json.dumps({"Parameters": json.dumps(parameters)})
        return str(states.start_execution(stateMachineArn=self.arn, input=given)["executionArn"])

    def ended(self, execution: str, seconds: float = 120) -> dict[str, Any]:
        """What AWS says of an execution when it has ended."""
        return self.engine.ended(execution, seconds)

    def succeeded(self, execution: str, seconds: float = 120) -> RunSnapshot:
        """What a run left that has to succeed."""
        ended = self.ended(execution, seconds)
        assert ended["status"] == "SUCCEEDED", ended
        return self.snapshot(execution)

    def snapshot(self, execution: str) -> RunSnapshot:
        """What a run left, read by Metaflow's client."""
        return snapshot_in(self.env, self.name, run_id(execution))

    def key(self, execution: str, step: str, task: str, file: str) -> str:
        """Key in the bucket of one of a task's own files, such as `0.attempt.json`."""
        return f"metaflow/{self.name}/{run_id(execution)}/{step}/{task}/{file}"

    def exists(self, key: str) -> bool:
        """Whether there is an object."""
        found = self.engine.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=key)
        return bool(found["KeyCount"])

    def jobs(self, step: str = "") -> list[dict[str, Any]]:
        """Batch jobs of the flow, or of one step, as DescribeJobs has them, the oldest first."""
        batch = self.engine.client("batch")
        pages = batch.get_paginator("list_jobs")
        found = [
            summary["jobId"]
            for status in STATUSES
            for page in pages.paginate(jobQueue=EC2_QUEUE, jobStatus=status)
            for summary in page["jobSummaryList"]
            if summary["jobName"].startswith(f"{self.name}-{step}")
        ]
        parts = [found[first : first + _PAGE] for first in range(0, len(found), _PAGE)]
        jobs = [job for part in parts for job in batch.describe_jobs(jobs=part)["jobs"]]
        return sorted(jobs, key=lambda job: job["createdAt"])

    def events(self, execution: str) -> Iterator[dict[str, Any]]:
        """The history of an execution."""
        pages = self.engine.client("stepfunctions").get_paginator("get_execution_history")
        for page in pages.paginate(executionArn=execution):
            yield from page["events"]


def run_id(execution: str) -> str:
    """Metaflow's id of the run of an execution."""
    return f"sfn-{execution.rpartition(':')[2]}"


def task(snapshot: RunSnapshot, step: str, *index: int) -> TaskSnapshot:
    """One task of a run."""
    return next(task for task in snapshot.tasks if task.key == TaskKey(step, index))
