from __future__ import annotations

import datetime
import importlib.abc
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from metaflow_provider.plan import Refusal
from sfn import Account, Aws, AwsError, Settings, StepFunctions
from sfn.settings import FARGATE
from tests.sfn.account import ACCOUNT, NUMBER, QUEUE, calls, fail, flow, make_queue, plan

ARN = f"arn:aws:states:eu-west-1:{NUMBER}:stateMachine:train"
PASS_ON = (
    "User: arn:aws:iam::1:user/x is not authorized to perform: iam:PassRole on resource: arn:role because no"
)


@pytest.mark.parametrize(
    ("code", "message", "said"),
    [
        (
            "AccessDeniedException",
            "no",
            "AWS denies it (no); the credentials in use need the permission states:UpdateStateMachine "
            f"on {ARN}",
        ),
        (
            "AccessDeniedException",
            PASS_ON,
            f"AWS denies it ({PASS_ON}); the credentials in use need the permission iam:PassRole on arn:role",
        ),
        (
            "ExpiredTokenException",
            "The security token\n is expired",
            "the AWS credentials have expired (ExpiredTokenException); renew them and try again",
        ),
        (
            "UnrecognizedClientException",
            "no such key",
            "AWS does not know the credentials in use (UnrecognizedClientException: no such key); "
            "check profile, keys and region",
        ),
        (
            "StateMachineLimitExceeded",
            "10000",
            "a quota is used up (StateMachineLimitExceeded: 10000); remove what is not used, "
            "or ask AWS for more",
        ),
        ("InvalidDefinition", "a\n\tb", "AWS says: a b (InvalidDefinition)"),
    ],
)
def test_a_failure_is_one_line(aws: Aws, code: str, message: str, said: str) -> None:
    deployed = flow(aws).plan().apply().deployed
    fail(aws, "stepfunctions", "UpdateStateMachine", code, message)
    with pytest.raises(AwsError) as raised:
        aws.states.update(deployed.machine)
    assert str(raised.value) == f"states:UpdateStateMachine on {ARN}: {said}"
    assert raised.value.code == code


def test_throttling_is_waited_out(aws: Aws) -> None:
    fail(aws, "stepfunctions", "DescribeStateMachine", "ThrottlingException", times=3)
    assert aws.states.machine(ARN) is None


def test_throttling_that_lasts_is_one_line(aws: Aws) -> None:
    fail(aws, "stepfunctions", "DescribeStateMachine", "ThrottlingException", times=99)
    with pytest.raises(AwsError) as raised:
        aws.states.machine(ARN)
    assert str(raised.value) == (
        f"states:DescribeStateMachine on {ARN}: AWS throttles this call, the last of 5 tries too "
        "(ThrottlingException); try again in a few minutes"
    )


def test_a_failure_on_a_later_page_is_one_line(aws: Aws) -> None:
    flow(aws).plan().apply()
    fail(aws, "stepfunctions", "ListExecutions", "AccessDeniedException")
    with pytest.raises(AwsError, match=f"states:ListExecutions on {ARN}: AWS denies it"):
        list(aws.states.executions(ARN))


def test_expired_credentials_change_nothing(aws: Aws) -> None:
    fail(aws, "stepfunctions", "DescribeStateMachine", "ExpiredTokenException")
    with pytest.raises(AwsError, match="the AWS credentials have expired"), calls(aws) as made:
        flow(aws).plan()
    assert not any(action.startswith(("Create", "Update", "Register")) for action in made)


def test_no_network_is_one_line(environment: pytest.MonkeyPatch) -> None:
    environment.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        environment.setenv("AWS_ENDPOINT_URL_SFN", url)
        with pytest.raises(AwsError) as raised:
            Aws(ACCOUNT).states.machine(ARN)
    said = str(raised.value)
    assert said.startswith(f"states:DescribeStateMachine on {ARN}: AWS cannot be reached (")
    assert url in said
    assert said.endswith("; check the network, the region and AWS_ENDPOINT_URL")


def test_no_credentials_is_one_line(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("AWS_ACCESS_KEY_ID")
    environment.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(
        AwsError, match=f"^states:DescribeStateMachine on {ARN}: no AWS credentials were found"
    ):
        Aws(ACCOUNT).states.machine(ARN)


def test_no_region_is_one_line(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(AwsError, match=r"^No AWS region is set; set AWS_DEFAULT_REGION or AWS_REGION$"):
        Aws(ACCOUNT).machine_arn("train")


def test_an_unknown_profile_is_one_line(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(AwsError, match=r"^The AWS settings cannot be used: .*nobody"):
        Aws(ACCOUNT).machine_arn("train")


def test_an_endpoint_that_is_no_url_is_one_line(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_ENDPOINT_URL", "localhost")
    with pytest.raises(
        AwsError, match=r"^batch in eu-west-1: Invalid endpoint: localhost; check AWS_ENDPOINT_URL$"
    ):
        Aws(ACCOUNT).batch.active("a")


def test_without_boto3_it_says_what_to_install(environment: pytest.MonkeyPatch) -> None:
    class Hidden(importlib.abc.MetaPathFinder):
        def find_spec(self, name: str, *_: Any) -> None:
            if name == "boto3":
                raise ImportError(name)

    environment.delitem(sys.modules, "boto3", raising=False)
    environment.setattr(sys, "meta_path", [Hidden(), *sys.meta_path])
    with pytest.raises(
        AwsError, match=r"boto3, .*, is not installed; pip install 'metaflow-orchestrators\[sfn\]'"
    ):
        Aws(ACCOUNT).states.machine(ARN)


@pytest.mark.parametrize(
    ("variables", "region"),
    [
        ({"AWS_DEFAULT_REGION": "", "AWS_REGION": "us-gov-west-1"}, "us-gov-west-1"),
        ({"AWS_DEFAULT_REGION": "eu-west-1", "AWS_REGION": "us-east-1"}, "eu-west-1"),
    ],
)
def test_the_region_is_where_boto3_and_aws_look(
    environment: pytest.MonkeyPatch, variables: dict[str, str], region: str
) -> None:
    for name, value in variables.items():
        environment.setenv(name, value)
    assert Aws(ACCOUNT).region == region


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_the_partition_is_the_roles(environment: pytest.MonkeyPatch, partition: str) -> None:
    aws = Aws(Account(f"arn:{partition}:iam::{NUMBER}:role/path/sfn"))
    assert aws.machine_arn("a") == f"arn:{partition}:states:eu-west-1:{NUMBER}:stateMachine:a"
    assert aws.execution_arn("a", "b") == f"arn:{partition}:states:eu-west-1:{NUMBER}:execution:a:b"


def test_a_role_is_needed() -> None:
    with pytest.raises(Refusal, match="No IAM role found for AWS Step Functions; set METAFLOW_SFN_IAM_ROLE"):
        Account.from_environment({})
    with pytest.raises(
        Refusal, match="METAFLOW_SFN_IAM_ROLE is 'sfn', which is no ARN of an IAM role; set it to"
    ):
        Account.from_environment({"METAFLOW_SFN_IAM_ROLE": "sfn"})


def test_a_machine_for_another_partition_is_refused(aws: Aws) -> None:
    chinese = StepFunctions(plan(), Settings(queue=QUEUE, partition="aws-cn"), aws=aws)
    with pytest.raises(
        Refusal, match=r"for partition aws-cn, the role's is aws; use Settings\(partition='aws'\)"
    ):
        chinese.plan()


def test_a_queue_is_of_the_platform_of_its_first_environment(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    network = {
        "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
        "securityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
        "maxvCpus": 4,
    }
    make_queue(aws, "on-fargate", type="MANAGED", computeResources={"type": "FARGATE", **network})
    assert aws.batch.platform("on-fargate") == FARGATE
    with pytest.raises(
        Refusal, match="on-fargate is of platform FARGATE, the job definitions are for EC2; use Set"
    ):
        StepFunctions(plan(), Settings(queue="on-fargate"), aws=aws).plan()
    with pytest.raises(AwsError, match="batch:DescribeJobQueues on nowhere: there is no such job queue"):
        aws.batch.platform("nowhere")


@pytest.mark.parametrize(
    ("action", "emptied"),
    [
        ("DescribeJobQueues", lambda parsed: parsed["jobQueues"][0].update(computeEnvironmentOrder=[])),
        ("DescribeComputeEnvironments", lambda parsed: parsed.update(computeEnvironments=[])),
    ],
)
def test_a_queue_without_a_compute_environment_is_one_line(
    aws: Aws, action: str, emptied: Callable[[Any], None]
) -> None:
    aws.client("batch").meta.events.register(f"after-call.*.{action}", lambda parsed, **_: emptied(parsed))
    with pytest.raises(AwsError) as raised:
        aws.batch.platform(QUEUE)
    assert str(raised.value) == (
        "batch:DescribeJobQueues on on-hosts: the job queue has no compute environment; "
        "give it one, or choose another queue"
    )


def test_each_service_has_one_client_made_on_first_use(aws: Aws) -> None:
    fresh = Aws(ACCOUNT)
    assert fresh.client("scheduler") is fresh.client("scheduler")
    assert fresh.states._clients is fresh


def test_logs_end_with_the_last_lines(aws: Aws) -> None:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="jobs")
    logs.create_log_stream(logGroupName="jobs", logStreamName="one")
    now = int(datetime.datetime.now().timestamp() * 1000)
    events = [{"timestamp": now + number, "message": f"line {number}\n"} for number in range(30)]
    logs.put_log_events(logGroupName="jobs", logStreamName="one", logEvents=events)
    assert aws.logs.tail("jobs", "one", 3) == ("line 27", "line 28", "line 29")
    assert aws.logs.tail("jobs", "two") == ()


def test_importing_it_loads_no_boto() -> None:
    code = "import sys, sfn, sfn.api, sfn.aws, sfn.deployment; print([m for m in sys.modules if 'boto' in m])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_importing_the_package_alone_loads_nothing_of_it() -> None:
    code = "import sys, sfn; print([m for m in sys.modules if m.startswith(('sfn.', 'metaflow'))])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
    from sfn import asl

    assert asl is not None
