"""Thousands of items: as processes, by a stub, and more than one history takes."""

from __future__ import annotations

import time

import pytest

from integration.harness.sfn.batch.stubs import StubbedJob
from integration.harness.sfn.engine import Engine
from integration.harness.sfn.features import distributed, each, jsonata
from integration.harness.sfn.names import BUCKET, EC2_QUEUE
from integration.harness.sfn.sample import JSON, TRIVIAL, machine, output, run
from integration.harness.sfn.stores import put_object

pytestmark = [pytest.mark.sfn, pytest.mark.conformance]


def jobs(name: str) -> JSON:
    """A machine of one job, which is told its item."""
    index = [{"Name": "INDEX", "Value": "{% $string($states.input) %}"}]
    return machine(
        {
            "Type": "Task",
            "Resource": "arn:aws:states:::batch:submitJob.sync",
            "Arguments": {
                "JobDefinition": TRIVIAL,
                "JobName": name,
                "JobQueue": EC2_QUEUE,
                "ContainerOverrides": {"Environment": index},
            },
            "Output": 1,
        }
    )


COUNT = "{% $count($states.result) %}"


def test_5000_jobs_are_processes_within_three_minutes(engine: Engine) -> None:
    started = time.monotonic()
    definition = jsonata(distributed(jobs("trivial"), Items="{% [1..5000] %}", Output=COUNT))
    assert output(engine, definition, seconds=300) == 5000
    assert time.monotonic() - started < 180


def leave_mark(job: StubbedJob) -> int:
    put_object(BUCKET, f"wide/{job.environment['INDEX']}", b"")
    return 0


def test_20000_jobs_are_stubbed(engine: Engine) -> None:
    engine.stub("wide", f"{__name__}:leave_mark")
    definition = jsonata(distributed(jobs("wide"), Items="{% [1..20000] %}", Output=COUNT))
    assert output(engine, definition, seconds=400) == 20000
    pages = engine.client("s3").get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="wide/")
    assert sum(page["KeyCount"] for page in pages) == 20000
    engine.unstub("wide")


def test_an_inline_map_of_4500_jobs_is_too_much_for_a_history(engine: Engine) -> None:
    engine.stub("inline", f"{__name__}:leave_mark")
    ended = run(engine, jsonata(each(jobs("inline"), Items="{% [1..4500] %}")), seconds=300)
    engine.unstub("inline")
    assert "maximum number of history events (25000)" in ended["cause"]
