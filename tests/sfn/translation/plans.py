"""Plans as Step Functions gets them: every step has @batch, the data is on S3."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from metaflow_provider.plan import FlowPlan, Step
from metaflow_provider.plan.model import CodePackage, Compute, Runtime
from tests.metaflow_provider.plans import plan

BATCH: dict[str, Any] = {
    "cpu": "2",
    "memory": "8192",
    "gpu": "0",
    "image": "python:3.11",
    "queue": "jobs",
    "iam_role": "arn:aws:iam::123456789012:role/job",
    "execution_role": None,
    "shared_memory": None,
    "tmpfs_path": "/metaflow_temp",
}
RUNTIME = Runtime("s3", "s3://bucket/store", "service", "local", options=("--quiet",))
CODE = CodePackage(
    "s3://bucket/store/Train/data/ab/abc", "abc", "d" * 64, commands=("mkdir metaflow", "cd metaflow")
)


def on_batch(step: Step, **attributes: Any) -> Step:
    """The step with @batch, and attributes over the usual ones."""
    return replace(step, compute=Compute("batch", {**BATCH, **attributes}))


def batch_plan(*steps: Step, **fields: Any) -> FlowPlan:
    return plan(*map(on_batch, steps), **{"runtime": RUNTIME, "code": CODE, **fields})
