"""Makes the bucket, roles, queues and log groups that deployments expect."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config

from integration.harness.sfn.environment import CREDENTIALS
from integration.harness.sfn.names import (
    BUCKET,
    EC2_QUEUE,
    EXECUTION_LOGS,
    FARGATE_QUEUE,
    REGION,
    ROLES,
    TABLE,
    role,
)


def client(service: str, url: str) -> Any:
    """A boto3 client of the engine at `url`, whatever the process's own AWS settings are."""
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=Config(proxies={}),
    )


def make_resources(url: str) -> None:
    """Fill a new engine."""
    client("s3", url).create_bucket(Bucket=BUCKET)
    client("logs", url).create_log_group(logGroupName=EXECUTION_LOGS)
    client("dynamodb", url).create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pathspec", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pathspec", "AttributeType": "S"}],
    )
    iam = client("iam", url)
    for name in ROLES:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    profile = iam.create_instance_profile(InstanceProfileName="batch-instance")["InstanceProfile"]["Arn"]
    ec2 = client("ec2", url)
    network = {
        "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
        "securityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
        "maxvCpus": 64,
    }
    hosts = {"minvCpus": 0, "desiredvCpus": 0, "instanceTypes": ["optimal"], "instanceRole": profile}
    _make_queue(url, EC2_QUEUE, {"type": "EC2", **network, **hosts})
    _make_queue(url, FARGATE_QUEUE, {"type": "FARGATE", **network})


def _make_queue(url: str, name: str, resources: dict[str, Any]) -> None:
    batch = client("batch", url)
    made = batch.create_compute_environment(
        computeEnvironmentName=f"{name}-environment",
        type="MANAGED",
        state="ENABLED",
        serviceRole=role("batch-service"),
        computeResources=resources,
    )
    batch.create_job_queue(
        jobQueueName=name,
        state="ENABLED",
        priority=1,
        computeEnvironmentOrder=[{"order": 1, "computeEnvironment": made["computeEnvironmentArn"]}],
    )
