"""Multi-node jobs."""

from __future__ import annotations

import pytest

from integration.harness.sfn.batch.errors import ClientException
from integration.harness.sfn.batch.local import CONTAINER, NODES, Local

pytestmark = pytest.mark.sfn


def test_nodes_know_each_other_and_end_with_the_main_one(gang: Local) -> None:
    overrides = {
        "numNodes": 3,
        "nodePropertyOverrides": [
            {"targetNodes": "1:", "containerOverrides": {"environment": [{"name": "WHO", "value": "worker"}]}}
        ],
    }
    job_id = gang.submit(definition="gang", nodeOverrides=overrides)
    job = gang.ended(job_id)
    assert (job["status"], job["nodeProperties"]["numNodes"]) == ("SUCCEEDED", 3)
    seen = [dict(line.split("=", 1) for line in gang.log(f"{job_id}#{n}").splitlines()) for n in range(3)]
    assert [node["AWS_BATCH_JOB_ID"] for node in seen] == [f"{job_id}#{n}" for n in range(3)]
    assert [node["AWS_BATCH_JOB_NODE_INDEX"] for node in seen] == ["0", "1", "2"]
    assert {node["AWS_BATCH_JOB_NUM_NODES"] for node in seen} == {"3"}
    address = [node.get("AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS") for node in seen]
    assert address == [None, "127.0.0.1", "127.0.0.1"]
    assert [node.get("WHO") for node in seen] == [None, "worker", "worker"]
    node = gang.describe(f"{job_id}#1")
    assert node["nodeDetails"] == {"nodeIndex": 1, "isMainNode": False}
    assert node["attempts"][0]["statusReason"] == "Main node has ended"
    rows = gang.batch.call("ListJobs", {"multiNodeJobId": job_id})["jobSummaryList"]
    assert [row["jobId"] for row in rows] == [f"{job_id}#{n}" for n in range(3)]


def test_the_nodes_of_a_terminated_job_end(gang: Local) -> None:
    overrides = {
        "nodePropertyOverrides": [
            {"targetNodes": "0:", "containerOverrides": {"command": ["sleep", "60"]}},
        ]
    }
    job_id = gang.submit(definition="gang", nodeOverrides=overrides)
    gang.running(job_id)
    gang.batch.call("TerminateJob", {"jobId": job_id, "reason": "enough"})
    assert gang.ended(job_id)["statusReason"] == "enough"
    assert gang.describe(f"{job_id}#1")["status"] == "FAILED"


def test_a_gang_is_refused_where_it_cannot_be(gang: Local) -> None:
    request = {"jobDefinitionName": "g", "type": "multinode", "nodeProperties": NODES}
    with pytest.raises(ClientException, match="not supported on Fargate"):
        gang.batch.call("RegisterJobDefinition", {**request, "platformCapabilities": ["FARGATE"]})
    closed = {**NODES, "nodeRangeProperties": [{"targetNodes": "0:1", "container": CONTAINER}]}
    gang.batch.call("RegisterJobDefinition", {**request, "nodeProperties": closed})
    with pytest.raises(ClientException, match="open, like `1:`"):
        gang.submit(definition="g", nodeOverrides={"numNodes": 5})
