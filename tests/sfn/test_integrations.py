from __future__ import annotations

from typing import Any

import pytest

from sfn.asl import DYNAMIC, check
from sfn.integrations import problems

BATCH = "arn:aws:states:::batch:submitJob.sync"
JOB = {"JobName": "a", "JobQueue": "q", "JobDefinition": "d"}


def overrides(**fields: Any) -> dict[str, Any]:
    return {**JOB, "ContainerOverrides": fields}


@pytest.mark.parametrize(
    ("resource", "arguments"),
    [
        (BATCH, JOB),
        (BATCH, dict.fromkeys(JOB, DYNAMIC)),
        (BATCH, DYNAMIC),
        (BATCH, overrides(Environment=[{"Name": "A", "Value": DYNAMIC}], Command=DYNAMIC)),
        (BATCH, {**JOB, "Parameters": {"any.key": "v"}, "Tags": {"any/key": "v"}, "PropagateTags": True}),
        (BATCH, {**JOB, "NodeOverrides": {"NumNodes": 2}, "Timeout": {"AttemptDurationSeconds": 60}}),
        ("arn:aws-cn:states:::batch:submitJob", JOB),
        ("arn:aws:states:::dynamodb:getItem", {"TableName": "t", "Key": {"pathspec": {"S": "x"}}}),
        ("arn:aws:states:::aws-sdk:s3:getObject", {"Bucket": "b", "Key": DYNAMIC}),
        ("arn:aws:states:::s3:getObject", {"Bucket": "b", "Key": "k"}),
        ("arn:aws:states:::s3:putObject", {"Bucket": "b", "Prefix": "p"}),
        ("arn:aws:states:::states:startExecution.sync:2", {"StateMachineArn": "arn", "Input": {"a": 1}}),
        ("arn:aws:states:::sns:publish", {"TopicArn": "t", "Message": {"a": 1}}),
        (
            "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            {"QueueUrl": "q", "MessageBody": {"t": DYNAMIC}},
        ),
        (
            "arn:aws:states:::events:putEvents",
            {"Entries": [{"Source": "s", "DetailType": "d", "Detail": {"a": 1}}]},
        ),
        ("arn:aws:states:::lambda:invoke", {"FunctionName": "f", "Payload": {"a": DYNAMIC}}),
        (
            "arn:aws:states:::ecs:runTask.sync",
            {"TaskDefinition": "t", "LaunchType": "FARGATE", "Cluster": "c"},
        ),
        ("arn:aws:states:::aws-sdk:sfn:startExecution", {"StateMachineArn": "arn", "Input": "{}"}),
        ("arn:aws:states:::aws-sdk:notaservice:doThings", {"Anything": 1}),
        ("arn:aws:states:::http:invoke", {"ApiEndpoint": "https://example.com", "Method": "GET"}),
        ("arn:aws:lambda:us-east-1:123456789012:function:f", {"whatever": 1}),
    ],
)
def test_good_arguments_are_left_alone(resource: str, arguments: Any) -> None:
    assert list(problems(resource, arguments)) == []


@pytest.mark.parametrize(
    ("resource", "arguments", "problem"),
    [
        (BATCH, {**JOB, "JobQueue": 1}, "JobQueue is a number; it has to be string (batch SubmitJob)"),
        (BATCH, {**JOB, "jobTags": {}}, "jobTags is unknown; did you mean Tags? (batch SubmitJob)"),
        (
            BATCH,
            overrides(Environment={"A": "1"}),
            "ContainerOverrides.Environment is an object; it has to be list (batch SubmitJob)",
        ),
        (
            BATCH,
            overrides(Environment=[{"Name": "A", "Value": True}]),
            "ContainerOverrides.Environment[0].Value is a boolean; it has to be string (batch SubmitJob)",
        ),
        (
            BATCH,
            overrides(ResourceRequirements=[{"Type": "VCPU"}]),
            "ContainerOverrides.ResourceRequirements[0].Value is missing (batch SubmitJob)",
        ),
        (
            BATCH,
            {**JOB, "Timeout": {"AttemptDurationSeconds": True}},
            "Timeout.AttemptDurationSeconds is a boolean; it has to be integer (batch SubmitJob)",
        ),
        (BATCH, {**JOB, "Tags": {"a": 1}}, "Tags.a is a number; it has to be string (batch SubmitJob)"),
        (BATCH, {**JOB, "JobName": None}, "JobName is null; it has to be string (batch SubmitJob)"),
        ("arn:aws:states:::aws-sdk:s3:getObject", {"Bucket": "b"}, "Key is missing (s3 GetObject)"),
        (
            "arn:aws:states:::aws-sdk:s3:getObjekt",
            {},
            "the service s3 has no action getObjekt; did you mean getObject?",
        ),
        (
            "arn:aws:states:::states:startExecution",
            {},
            "StateMachineArn is missing (stepfunctions StartExecution)",
        ),
    ],
)
def test_bad_arguments_are_said(resource: str, arguments: Any, problem: str) -> None:
    assert list(problems(resource, arguments)) == [problem]


@pytest.mark.parametrize("arguments", ["{% $x %}", {**JOB, "JobQueue": "{% $states.input.q %}"}])
def test_jsonata_in_arguments_is_not_judged(arguments: Any) -> None:
    assert check(machine({"QueryLanguage": "JSONata", "Arguments": arguments}, x=1), problems) == []


def test_paths_in_parameters_are_not_judged() -> None:
    assert (
        check(machine({"Parameters": {**JOB, "Parameters": {"a.$": "$.a"}, "Tags.$": "$.tags"}}), problems)
        == []
    )


def test_a_maps_reader_is_looked_at() -> None:
    reader = {"Resource": "arn:aws:states:::s3:getObject", "Arguments": {"Bucket": "b", "Kee": "k"}}
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "one",
        "States": {"one": {"Type": "Succeed"}},
    }
    state = {"Type": "Map", "ItemReader": reader, "ItemProcessor": processor, "End": True}
    found = check({"QueryLanguage": "JSONata", "StartAt": "each", "States": {"each": state}}, problems)
    assert [(f.state, f.rule, f.message) for f in found] == [
        ("each", "arguments", "Key is missing (s3 GetObject)"),
        ("each", "arguments", "Kee is unknown; did you mean Key? (s3 GetObject)"),
    ]


def machine(fields: dict[str, Any], **variables: Any) -> dict[str, Any]:
    init = {"Type": "Pass", "Next": "job", **({"Assign": variables} if variables else {})}
    job = {"Type": "Task", "Resource": BATCH, "End": True, **fields}
    return {"StartAt": "init", "States": {"init": init, "job": job}}
