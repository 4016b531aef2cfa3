"""What exists in the account when the engine has started, by name."""

from __future__ import annotations

ACCOUNT = "123456789012"
REGION = "us-east-1"

BUCKET = "metaflow-test"
TABLE = "metaflow-foreach"  # stock Metaflow keeps the width of a foreach in it
EC2_QUEUE = "metaflow-ec2"
FARGATE_QUEUE = "metaflow-fargate"
EXECUTION_LOGS = "/metaflow/executions"


def role(name: str) -> str:
    """The ARN of one of ROLES."""
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


ROLES = ("batch-job", "batch-execution", "batch-service", "step-functions", "events")
