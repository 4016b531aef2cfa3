"""ResultWriter: what a Distributed Map leaves in S3.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
"""

from __future__ import annotations

import json
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_map.result_writer.resource_eval import (
    resource_eval_s3,
)

from integration.harness.sfn.interpreter.map_runs import MAP_RUN, ChildExecution, children_of
from integration.harness.sfn.interpreter.replacing import replaces

ResourceEvalS3 = resource_eval_s3.ResourceEvalS3
STATUSES = ("SUCCEEDED", "FAILED", "PENDING")


@replaces(ResourceEvalS3)
def eval_resource(self: Any, env: Any) -> None:
    """Gap: a manifest of the Map run that began last, without the files that hold the results."""
    self.resource.eval(env=env)
    s3 = self._get_s3_client(resource_runtime_part=env.stack.pop(), state_credentials=None)
    place = env.stack.pop()
    env.stack.pop()  # the results, which are written instead
    map_run = env.heap[MAP_RUN]
    bucket = place["Bucket"]
    folder = "/".join([*filter(None, [place.get("Prefix", "").strip("/")]), map_run.rsplit(":", 1)[-1]])
    files: dict[str, list[dict[str, Any]]] = {status: [] for status in STATUSES}
    for status in STATUSES:
        children = [child for child in children_of[map_run] if child.status == status]
        if children:
            body = _body(children, self.writer)
            key = f"{folder}/{status}_0.json"
            s3.put_object(Bucket=bucket, Key=key, Body=body)
            files[status].append({"Key": key, "Size": len(body)})
    manifest = {"DestinationBucket": bucket, "MapRunArn": map_run, "ResultFiles": files}
    key = f"{folder}/manifest.json"
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(manifest).encode())
    env.stack.append({"MapRunArn": map_run, "ResultWriterDetails": {"Bucket": bucket, "Key": key}})


def _body(children: list[ChildExecution], writer: dict[str, Any]) -> bytes:
    rows: list[Any] = [_row(child) for child in children]
    if writer.get("Transformation") in {"COMPACT", "FLATTEN"}:
        rows = [child.output for child in children]
    if writer.get("Transformation") == "FLATTEN":
        rows = [each for row in rows for each in (row if isinstance(row, list) else [row])]
    if writer.get("OutputType") == "JSONL":
        return "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    return json.dumps(rows).encode()


def _row(child: ChildExecution) -> dict[str, Any]:
    ended = {"Output": json.dumps(child.output)} if child.status == "SUCCEEDED" else {}
    failed = {"Error": child.error, "Cause": child.cause} if child.status == "FAILED" else {}
    return {
        "ExecutionArn": child.arn,
        "Name": child.name,
        "Input": json.dumps(child.input),
        "Status": child.status,
        "StartDate": child.start_date.isoformat(),
        "StopDate": child.stop_date.isoformat() if child.stop_date else None,
        **ended,
        **failed,
    }
