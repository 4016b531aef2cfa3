"""Service headers reach jobs by a reference alone: their value is nowhere in AWS but in Secrets Manager."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.harness.metadata_service import MetadataService
from integration.harness.sfn.batch.runner import LOG_GROUP
from integration.harness.sfn.engine import Engine
from integration.harness.sfn.names import BUCKET
from integration.harness.skips import skipped_if_missing
from integration.sfn.flow import Flow, run_id

pytestmark = pytest.mark.sfn

HEADER = "x-api-key", "header-value-5d1f"
PLANTED = "planted-value-7c3e"
GZIP = b"\x1f\x8b"
STEPS = f"""
@environment(vars={{"VISIBLE": "{PLANTED}"}})
@step
def only(self):
    print("{PLANTED}")
"""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[MetadataService]:
    with skipped_if_missing(), MetadataService(tmp_path, HEADER) as service:
        yield service


def test_service_headers_are_shown_nowhere(engine: Engine, tmp_path: Path, service: MetadataService) -> None:
    secret = engine.client("secretsmanager").create_secret(
        Name="headers", SecretString=json.dumps(dict([HEADER]))
    )
    variables = {"METAFLOW_SFN_SERVICE_HEADERS_SECRET": secret["ARN"], "METAFLOW_USER": PLANTED}
    flow = Flow(engine, tmp_path, "Guarded", {**service.env, **variables}).write(STEPS)
    flow.create(f"--aws-batch-tag=note={PLANTED}", "--log-execution-history")
    execution = flow.start()
    assert flow.ended(execution)["status"] == "SUCCEEDED"
    assert flow.command("status", run_id(execution)).split() == ["SUCCEEDED"]

    everywhere = ["definition", "tags", "job definition", "job", "history", "log"]
    assert places(flow, execution, PLANTED) == everywhere
    assert places(flow, execution, HEADER[1]) == []
    assert places(flow, execution, secret["ARN"]) == ["job definition", "job", "history"]
    stored = "".join(objects(flow))
    assert PLANTED in stored
    assert HEADER[1] not in stored


def places(flow: Flow, execution: str, value: str) -> list[str]:
    """Where in AWS a value can be read, beside Secrets Manager and S3."""
    client = flow.engine.client
    jobs = flow.jobs()
    streams = [attempt["container"]["logStreamName"] for job in jobs for attempt in job["attempts"]]
    shown = {
        "definition": flow.definition(),
        "tags": client("stepfunctions").list_tags_for_resource(resourceArn=flow.arn),
        "job definition": client("batch").describe_job_definitions(
            jobDefinitions=[job["jobDefinition"] for job in jobs]
        ),
        "job": jobs,
        "history": list(flow.events(execution)),
        "log": [
            client("logs").get_log_events(logGroupName=LOG_GROUP, logStreamName=stream) for stream in streams
        ],
    }
    return [name for name, content in shown.items() if value in str(content)]


def objects(flow: Flow) -> Iterator[str]:
    """The flow's objects in S3: artifacts, logs, the code package and what is handed over."""
    s3 = flow.engine.client("s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"metaflow/{flow.name}/"):
        for entry in page["Contents"]:
            content = s3.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read()
            is_packed = content.startswith(GZIP)
            yield (gzip.decompress(content) if is_packed else content).decode(errors="replace")
