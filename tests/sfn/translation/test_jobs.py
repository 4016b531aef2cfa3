"""What job definition becomes of every attribute of @batch."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from metaflow_provider.plan import FlowPlan, Refusal, Step
from metaflow_provider.plan.model import Retry
from sfn.asl import Retry as RetryRule
from sfn.settings import FARGATE, Settings
from sfn.translation.jobs import JobDefinition
from sfn.translation.translator import Translator
from tests.metaflow_provider.plans import plan, step
from tests.sfn.translation.plans import CODE, RUNTIME, on_batch

ROLE = "arn:aws:iam::123456789012:role/execution"
SECRETS = {"METAFLOW_SERVICE_HEADERS": "arn:aws:secretsmanager:us-east-1:123456789012:secret:headers"}


def flow_with(first: Step, **fields: Any) -> FlowPlan:
    return plan(first, on_batch(step("end")), runtime=RUNTIME, code=CODE, **fields)


def definition(first: Step, *, fargate: bool = False, **wishes: Any) -> JobDefinition:
    flow = flow_with(first)
    platforms = {"jobs": FARGATE} if fargate else {}
    return Translator(flow, Settings(platforms=platforms, **wishes)).job_definition(flow.steps[0])


def container(*, fargate: bool = False, **attributes: Any) -> dict[str, Any]:
    found: dict[str, Any] = definition(on_batch(step("start", "end"), **attributes), fargate=fargate).body[
        "containerProperties"
    ]
    return found


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"gpu": "1"}, {"resourceRequirements": [
            {"type": "VCPU", "value": "2"},
            {"type": "MEMORY", "value": "8192"},
            {"type": "GPU", "value": "1"},
        ]}),
        ({"cpu": "0.5"}, {"resourceRequirements": [
            {"type": "VCPU", "value": "0.5"}, {"type": "MEMORY", "value": "8192"},
        ]}),
        ({"shared_memory": "64", "max_swap": 10, "swappiness": "60"}, {"linuxParameters": {
            "sharedMemorySize": 64, "maxSwap": 10, "swappiness": 60,
        }}),
        ({"use_tmpfs": True}, {"linuxParameters": {"tmpfs": [
            {"containerPath": "/metaflow_temp", "size": 4096, "mountOptions": ["defaults"]},
        ]}}),
        ({"tmpfs_size": 100, "tmpfs_path": "/scratch"}, {"linuxParameters": {"tmpfs": [
            {"containerPath": "/scratch", "size": 100, "mountOptions": ["defaults"]},
        ]}}),
        ({"inferentia": 2}, {"linuxParameters": {"devices": [
            {"hostPath": path, "containerPath": path, "permissions": ["READ", "WRITE"]}
            for path in ("/dev/neuron0", "/dev/neuron1")
        ]}}),
        ({"host_volumes": ["/data", "/a.b:/c"]}, {
            "volumes": [
                {"name": "host-0", "host": {"sourcePath": "/data"}},
                {"name": "host-1", "host": {"sourcePath": "/a.b"}},
            ],
            "mountPoints": [
                {"sourceVolume": "host-0", "containerPath": "/data"},
                {"sourceVolume": "host-1", "containerPath": "/c"},
            ],
        }),
        ({"efs_volumes": "fs-1:/efs"}, {
            "volumes": [{"name": "efs-0", "efsVolumeConfiguration": {
                "fileSystemId": "fs-1", "transitEncryption": "ENABLED",
            }}],
            "mountPoints": [{"sourceVolume": "efs-0", "containerPath": "/efs"}],
        }),
        ({"efs_volumes": ["fs-1:/one", "fs-1:/two"]}, {"mountPoints": [
            {"sourceVolume": "efs-0", "containerPath": "/one"},
            {"sourceVolume": "efs-1", "containerPath": "/two"},
        ]}),
        ({"log_driver": "awslogs", "log_options": ["awslogs-group:aws/batch/job"]}, {"logConfiguration": {
            "logDriver": "awslogs", "options": {"awslogs-group": "aws/batch/job"},
        }}),
        ({"privileged": True}, {"privileged": True}),
    ],
)  # fmt: skip
def test_attributes_of_batch(attributes: dict[str, Any], expected: dict[str, Any]) -> None:
    found = container(**attributes)
    assert {name: found.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("attributes", "folder"),
    [
        ({"use_tmpfs": True, "tmpfs_tempdir": True}, "/metaflow_temp"),
        ({"tmpfs_size": 64, "tmpfs_path": "/scratch", "tmpfs_tempdir": True}, "/scratch"),
        ({"use_tmpfs": True, "tmpfs_tempdir": False}, None),
        ({"tmpfs_tempdir": True}, None),
    ],
)
def test_temporary_files_go_to_a_tmpfs(attributes: dict[str, Any], folder: str | None) -> None:
    variables = {pair["name"]: pair["value"] for pair in container(**attributes)["environment"]}
    assert variables.get("METAFLOW_TEMPDIR") == folder


def test_emitted_tags() -> None:
    flow = flow_with(on_batch(step("start", "end"), aws_batch_tags={"app": "mine"}), owner="corp\\ada")
    assert Translator(flow, Settings()).tags(flow.steps[0]) == {"app": "mine"}
    tags = Translator(flow, Settings(emit_tags=True)).tags(flow.steps[0])
    assert tags["metaflow.step_name"] == "start"
    assert tags["metaflow.owner"] == "corp=5Cada"
    assert tags["app"] == "mine"


def test_adapters_of_a_gang_are_named_one_by_one() -> None:
    single = container(efa=2)["linuxParameters"]["devices"]
    assert [device["hostPath"] for device in single] == ["/dev/infiniband/uverbs0"]
    flow = plan(
        on_batch(step("start", "train", kind="foreach", gang_split=True)),
        on_batch(step("train", "end"), efa=2),
        on_batch(step("end", kind="join")),
        runtime=RUNTIME,
        code=CODE,
    )
    body = Translator(flow, Settings()).job_definition(flow.steps[1]).body
    [nodes] = body["nodeProperties"]["nodeRangeProperties"]
    paths = [device["hostPath"] for device in nodes["container"]["linuxParameters"]["devices"]]
    assert (body["type"], nodes["targetNodes"]) == ("multinode", "0:")
    assert paths == ["/dev/infiniband/uverbs0", "/dev/infiniband/uverbs1"]
    plain = replace(flow, steps=(flow.steps[0], on_batch(step("train", "end")), flow.steps[2]))
    with pytest.raises(Refusal, match=r"step train, @parallel.*Fargate has no jobs of several nodes"):
        Translator(plain, Settings(platforms={"jobs": FARGATE})).job_definition(plain.steps[1])


def test_fargate() -> None:
    found = container(fargate=True, execution_role=ROLE, ephemeral_storage=30)
    assert found["executionRoleArn"] == ROLE
    assert found["ephemeralStorage"] == {"sizeInGiB": 30}
    assert found["networkConfiguration"] == {"assignPublicIp": "ENABLED"}


@pytest.mark.parametrize(
    ("cpu", "memory"), [("0.25", "512"), ("1", "7168"), ("8", "20480"), ("16", "122880"), ("32", "249856")]
)
def test_sizes_that_fargate_has(cpu: str, memory: str) -> None:
    found = container(fargate=True, execution_role=ROLE, cpu=cpu, memory=memory)
    assert found["resourceRequirements"] == [
        {"type": "VCPU", "value": cpu},
        {"type": "MEMORY", "value": memory},
    ]


@pytest.mark.parametrize(
    ("fargate", "attributes", "said"),
    [
        (
            True,
            {"execution_role": ROLE, "use_tmpfs": True},
            "use_tmpfs is not available on Fargate; remove it",
        ),
        (
            True,
            {"execution_role": ROLE, "ephemeral_storage": 10},
            "ephemeral_storage=10 is not a whole number",
        ),
        (True, {}, "jobs on Fargate need an execution role; set METAFLOW_ECS_FARGATE_EXECUTION_ROLE"),
        (False, {"ephemeral_storage": 30}, "ephemeral_storage is only available on Fargate"),
        (
            True,
            {"execution_role": ROLE, "gpu": "1"},
            "gpu is not available on Fargate; remove it, or use a queue of",
        ),
        (True, {"execution_role": ROLE, "host_volumes": ["/data"]}, "host_volumes is not available on"),
        (False, {"gpu": "many"}, "gpu=many is not a whole number of at least 0"),
        (
            True,
            {"execution_role": ROLE, "cpu": "3"},
            "Fargate has no 3 vCPU; set cpu to one of 0.25, 0.5, 1, 2, 4, 8, 16, 32, or use",
        ),
        (
            True,
            {"execution_role": ROLE, "cpu": "8", "memory": "16385"},
            "no 16385 MiB of memory for 8 vCPU; set memory to 20480 (it has 16384 to 61440), or use",
        ),
        (True, {"execution_role": ROLE, "cpu": "1", "memory": "9216"}, "set memory to 8192 (it has 2048 to"),
        (
            False,
            {"max_swap": 10, "swappiness": 100},
            "swappiness=100 is not a whole number from 0 to 99",
        ),
        (False, {"swappiness": 60}, "swappiness has no effect without max_swap; set max_swap too"),
        (False, {"shared_memory": 0}, "shared_memory=0 is not a whole number of at least 1"),
        (False, {"inferentia": "two"}, "inferentia=two is not a whole number"),
    ],
)
def test_what_a_platform_refuses(fargate: bool, attributes: dict[str, Any], said: str) -> None:
    with pytest.raises(Refusal) as refusal:
        container(fargate=fargate, **attributes)
    assert str(refusal.value).startswith("step start, @batch: ")
    assert said in str(refusal.value)


def test_a_step_finds_what_never_changes_in_its_environment() -> None:
    first = on_batch(step("start", "end", retry=Retry(2, 3, 1), timeout=90, environment={"A": "it's"}))
    body = definition(first).body
    variables = {each["name"]: each["value"] for each in body["containerProperties"]["environment"]}
    request = json.loads(variables["METAFLOW_ORCHESTRATORS_REQUEST"])
    assert variables["A"] == "it's"
    assert (request["flow_file"], request["timeout"]) == ("train.py", 90)
    assert request["retries"] == {"user": 2, "error": 3, "minutes_between": 1, "by_engine": True}
    assert body["timeout"] == {"attemptDurationSeconds": 690}
    *_, command = body["containerProperties"]["command"]
    assert command.startswith("true && ")
    assert command.endswith("&& exec python -m metaflow_extensions.orchestrators.runtime.container")


def test_lost_hosts_are_tried_again_by_batch_and_nothing_else_is() -> None:
    strategy = definition(on_batch(step("start", "end"))).body["retryStrategy"]
    assert strategy["attempts"] == 6
    assert strategy["evaluateOnExit"][0] == {"onStatusReason": "Host EC2*", "action": "RETRY"}
    assert strategy["evaluateOnExit"][-1] == {"onReason": "*", "action": "EXIT"}


def test_retries_wait_as_long_as_they_say() -> None:
    flow = flow_with(on_batch(step("start", "end", retry=Retry(2, 0, 2))))
    throttled, failed = Translator(flow, Settings()).retry(flow.steps[0])
    assert throttled.error_equals == ("Batch.AWSBatchException",)
    assert failed == RetryRule(
        error_equals=("States.TaskFailed",), interval_seconds=120, max_attempts=2, backoff_rate=1
    )


def test_secrets_are_references_that_the_execution_role_reads() -> None:
    first = on_batch(step("start", "end"), execution_role=ROLE)
    found = definition(first, secrets=SECRETS).body["containerProperties"]
    assert found["secrets"] == [
        {"name": "METAFLOW_SERVICE_HEADERS", "valueFrom": SECRETS["METAFLOW_SERVICE_HEADERS"]}
    ]
    assert found["executionRoleArn"] == ROLE
    assert "executionRoleArn" not in definition(first).body["containerProperties"]
    said = (
        "secrets reach a job through its execution role; "
        "set METAFLOW_ECS_FARGATE_EXECUTION_ROLE, or execution_role"
    )
    with pytest.raises(Refusal, match=f"step start, @batch: {said}"):
        definition(on_batch(step("start", "end")), secrets=SECRETS)


def test_the_name_is_the_content() -> None:
    same = definition(on_batch(step("start", "end"))), definition(on_batch(step("start", "end")))
    other = definition(replace(on_batch(step("start", "end")), environment={"A": "1"}))
    assert same[0].name == same[1].name != other.name


def test_jobs_get_no_folder_of_who_deploys() -> None:
    local = {"METAFLOW_DATASTORE_SYSROOT_LOCAL": "/home/ada", "METAFLOW_SERVICE_URL": "http://metadata"}
    first = on_batch(step("start", "end"))
    flow = plan(first, on_batch(step("end")), runtime=replace(RUNTIME, environment=local), code=CODE)
    variables = Translator(flow, Settings()).job_definition(flow.steps[0]).body["containerProperties"]
    names = {each["name"] for each in variables["environment"]}
    assert "METAFLOW_SERVICE_URL" in names
    assert "METAFLOW_DATASTORE_SYSROOT_LOCAL" not in names
