"""Job definitions, and what Batch refuses."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from integration.harness.sfn.batch.errors import ClientException
from integration.harness.sfn.batch.local import ARN, CONTAINER, FARGATE, FARGATE_SIZE, Local
from integration.harness.sfn.sample import SIZE

pytestmark = pytest.mark.sfn


def test_revisions_are_kept_as_given(local: Local) -> None:
    container = {**CONTAINER, "linuxParameters": {"sharedMemorySize": 64, "tmpfs": []}, "privileged": True}
    first, second = local.define("kept", container), local.define("kept", CONTAINER)
    assert (first, second) == (f"{ARN}job-definition/kept:1", f"{ARN}job-definition/kept:2")
    found = local.batch.call("DescribeJobDefinitions", {"jobDefinitionName": "kept", "status": "ACTIVE"})
    assert [row["revision"] for row in found["jobDefinitions"]] == [2, 1]
    assert found["jobDefinitions"][1]["containerProperties"] == container
    local.batch.call("DeregisterJobDefinition", {"jobDefinition": second})
    job = local.ended(local.submit("true", definition="kept"))
    assert job["jobDefinition"] == first
    with pytest.raises(ClientException, match="kept:2 is not active"):
        local.submit("true", definition="kept:2")
    with pytest.raises(ClientException, match="JobDefinition not found: other"):
        local.submit("true", definition="other")


def test_definitions_come_in_pages(local: Local) -> None:
    for _ in range(4):
        local.define("paged", CONTAINER)
    request = {"jobDefinitionName": "paged", "maxResults": 3}
    page = local.batch.call("DescribeJobDefinitions", request)
    rest = local.batch.call("DescribeJobDefinitions", {**request, "nextToken": page["nextToken"]})
    found = [row["revision"] for row in [*page["jobDefinitions"], *rest["jobDefinitions"]]]
    assert (found, "nextToken" in rest) == ([4, 3, 2, 1], False)


LONG = [{"name": "LONG", "value": "x" * 8192}]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"containerOverrides": {"environment": LONG}}, "Container Overrides length must be at most 8192"),
        ({"parameters": {"p": "x" * 30_720}}, "less than 30 KiB"),
        ({"retryStrategy": {"attempts": 11}}, "between 1 and 10"),
        ({"jobName": "a b"}, "Job name should match valid pattern"),
        ({"jobDefinition": "none"}, "JobDefinition not found: none"),
        ({"jobQueue": "fargate"}, "job queue fargate is FARGATE"),
        ({"nodeOverrides": {"numNodes": 2}}, "nodeOverrides are for multi-node jobs"),
        ({"noSuchArgument": 1}, "noSuchArgument"),
        (
            {"containerOverrides": {"environment": [{"name": "AWS_BATCH_X", "value": "1"}]}},
            "AWS_BATCH is a reserved prefix",
        ),
    ],
)
def test_a_wrong_submission_is_refused(local: Local, request_: dict[str, Any], message: str) -> None:
    request = {"jobName": "j", "jobQueue": "ec2", "jobDefinition": "d", **request_}
    with pytest.raises(ClientException, match=re.escape(message)):
        local.batch.call("SubmitJob", request)


def test_overrides_just_below_the_limit_are_taken(local: Local) -> None:
    overrides = {"environment": [{"name": "LONG", "value": ""}], "command": ["true"]}
    room = 8192 - len(json.dumps(overrides, separators=(",", ":")))
    overrides["environment"] = [{"name": "LONG", "value": "x" * room}]
    assert local.ended(local.submit("true", containerOverrides=overrides))["status"] == "SUCCEEDED"


MANY_RULES = [{"onExitCode": str(n), "action": "EXIT"} for n in range(6)]
HUGE = {**CONTAINER, "environment": [{"name": "HUGE", "value": "x" * 24_576}]}


@pytest.mark.parametrize(
    ("platform", "container", "more", "message"),
    [
        ("EC2", CONTAINER, {"retryStrategy": {"attempts": 0}}, "between 1 and 10"),
        ("EC2", CONTAINER, {"retryStrategy": {"evaluateOnExit": MANY_RULES}}, "at most 5 rules"),
        ("EC2", HUGE, {}, "less than 24 KiB"),
        ("EC2", {"image": "i"}, {}, "VCPU greater than 0"),
        ("EC2", {**CONTAINER, "ephemeralStorage": {"sizeInGiB": 30}}, {}, "only applicable to Fargate"),
        (
            "FARGATE",
            {**FARGATE, "linuxParameters": {"tmpfs": []}},
            {},
            "linuxParameters.tmpfs is not applicable",
        ),
        ("FARGATE", {**FARGATE, "linuxParameters": {"sharedMemorySize": 1}}, {}, "sharedMemorySize"),
        ("FARGATE", {**FARGATE, "privileged": True}, {}, "privileged is not applicable"),
        ("FARGATE", {**FARGATE, "executionRoleArn": ""}, {}, "need an executionRoleArn"),
        ("FARGATE", {**FARGATE, "resourceRequirements": SIZE}, {}, "no 100 MiB of memory for 1 vCPU"),
        ("FARGATE", {**FARGATE, "volumes": [{"host": {"sourcePath": "/x"}}]}, {}, "no host volumes"),
        (
            "FARGATE",
            {**FARGATE, "resourceRequirements": [*FARGATE_SIZE, {"type": "GPU", "value": "1"}]},
            {},
            "no GPU",
        ),
    ],
)
def test_a_wrong_definition_is_refused(
    local: Local, platform: str, container: dict[str, Any], more: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientException, match=re.escape(message)):
        local.define("wrong", container, platformCapabilities=[platform], **more)


def test_a_fargate_job_runs_on_fargate(local: Local) -> None:
    local.define("serverless", FARGATE, platformCapabilities=["FARGATE"])
    job = local.submit("bash", "-c", "echo $AWS_EXECUTION_ENV", definition="serverless", queue="fargate")
    assert local.ended(job)["platformCapabilities"] == ["FARGATE"]
    assert local.log(job) == "AWS_ECS_FARGATE\n"
