from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from hera_bridge import ArgoWorkflows, Settings, compile_flow
from hera_bridge.clients import CRON_WORKFLOW, ArgoError
from metaflow_provider.plan import FlowPlan, dumps
from metaflow_provider.plan.model import Parameter, Schedule
from tests.hera_bridge.api_server import ApiServer
from tests.hera_bridge.cluster import actions, client
from tests.hera_bridge.translation.plans import argo_plan
from tests.metaflow_provider.plans import step

DAILY = Schedule("0 6 * * *", "Asia/Tokyo")


def plan(**fields: object) -> FlowPlan:
    known = {"owner": "ada", "production_token": "train-0-abcd", "schedules": (DAILY,)}
    return argo_plan(step("start", "end"), step("end"), **{**known, **fields})


def flow(flow_plan: FlowPlan | None = None) -> ArgoWorkflows:
    return ArgoWorkflows(flow_plan or plan(), Settings(namespace="default", priority=7), client=client())


def test_a_plan_is_deployed_run_and_deployed_again_without_change(server: ApiServer) -> None:
    data = Parameter("data", "json", default={"a": 1})
    with_data = plan(parameters=(data,))
    deployment = flow(with_data).plan().apply()
    assert (deployment.name, deployment.owner, deployment.token) == ("train", "ada", "train-0-abcd")
    run = deployment.trigger(data={"a": 2})
    assert run.workflow["spec"]["arguments"]["parameters"][0]["value"] == '"{\\"a\\": 2}"'
    assert run.workflow["spec"]["priority"] == 7
    assert [each.id for each in deployment.runs()] == [run.id]
    assert flow(with_data).plan().is_empty
    assert ArgoWorkflows(dumps(with_data), Settings(priority=7), client=client()).plan().is_empty


def test_an_edited_bundle_is_what_is_deployed(server: ApiServer) -> None:
    flow().plan().apply()
    edited = flow()
    edited.bundle.step("end").priority_class_name = "high"
    lines = edited.plan().diff().splitlines()
    assert [line for line in lines if "defaulted" not in line] == [
        "update WorkflowTemplate train",
        "  + spec.templates.end.priorityClassName: high",
    ]
    edited.plan().apply()
    assert edited.plan().is_empty
    assert not flow().plan().is_empty


def test_a_schedule_that_is_gone_is_removed(server: ApiServer) -> None:
    flow().plan().apply()
    without = flow(plan(schedules=()))
    assert actions(without.plan().changes)[1:] == [("delete", "CronWorkflow", "train")]
    without.plan().apply()
    assert client().get(CRON_WORKFLOW, "train") is None


def test_a_bundle_deploys_itself(server: ApiServer) -> None:
    bundle = compile_flow(dumps(plan()))
    assert bundle.deploy(client()).trigger().id.startswith("argo-train-")
    assert bundle.plan(client()).is_empty


def test_files_hold_what_a_deployment_would_apply(server: ApiServer, tmp_path: Path) -> None:
    objects = flow().bundle.objects()
    before = copy.deepcopy(objects)
    files = flow().bundle.write(tmp_path)
    assert [yaml.safe_load(file.read_text()) for file in files[:-1]] == before == objects


def test_a_flow_without_its_own_client_goes_to_the_cluster_of_the_environment(server: ApiServer) -> None:
    server.has_argo = False
    with pytest.raises(ArgoError, match=r"namespace default of http://127\.0\.0\.1"):
        ArgoWorkflows(plan()).plan()


def test_what_is_deployed_can_be_run_without_importing_hera(server: ApiServer) -> None:
    flow().plan().apply()
    program = (
        "import sys\n"
        "from hera_bridge import ArgoWorkflows\n"
        "run = ArgoWorkflows.from_deployment('train').trigger()\n"
        "print(run.status, 'hera' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["PENDING", "False"]
