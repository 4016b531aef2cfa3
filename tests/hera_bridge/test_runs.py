from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from hera_bridge import Deployment, Run, Stored
from hera_bridge.api import ArgoWorkflows
from hera_bridge.clients import ArgoError
from hera_bridge.deployment_plan import plan_deployment
from hera_bridge.settings import Settings
from hera_bridge.translation.translator import Translator
from hera_bridge.translation.workflow import translate
from metaflow_extensions.orchestrators.core.hand_over import STORED
from metaflow_provider.plan import Refusal
from tests.hera_bridge.api_server import ApiServer, Fault
from tests.hera_bridge.cluster import client, stock_template, template
from tests.hera_bridge.translation.plans import argo_plan
from tests.shapes import SHAPES


@pytest.fixture
def deployment(server: ApiServer) -> Deployment:
    return plan_deployment(client(), [template(priority=7)]).apply()


def stored(server: ApiServer, run: Run) -> dict[str, Any]:
    return next(each.data for path, each in server.objects.items() if path.endswith(f"/workflows/{run.name}"))


def finish(server: ApiServer, run: Run, phase: str, **status: Any) -> None:
    stored(server, run)["status"] = {"phase": phase, "finishedAt": "2026-01-01T01:00:00Z", **status}


def arguments(run: Run) -> dict[str, str]:
    return {each["name"]: each["value"] for each in run.workflow["spec"]["arguments"]["parameters"]}


def test_a_run_is_started_as_stock_metaflow_does(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METAFLOW_USER", "eve")
    run = deployment.trigger(alpha=3, data={"a": [1]})
    assert run.id == f"argo-{run.name}"
    assert run.name.startswith("train-")
    assert arguments(run) == {"alpha": "3", "data": '"{\\"a\\": [1]}"'}
    assert set(run.workflow["spec"]) - {"defaulted"} == {"workflowTemplateRef", "arguments", "priority"}
    assert run.workflow["spec"]["priority"] == 7
    said = json.loads(run.workflow["metadata"]["annotations"]["metaflow/triggered_by_user"])
    assert said == {"type": "user", "name": "eve"}
    assert run.status == "PENDING"


def test_json_given_as_text_and_names_of_ones_own(deployment: Deployment) -> None:
    run = deployment.start({"data": '{"a": 1}'}, name="train-today")
    assert (run.id, arguments(run)) == ("argo-train-today", {"data": '"{\\"a\\": 1}"'})
    with pytest.raises(ArgoError, match=r"exists already"):
        deployment.start({}, name="train-today")


def test_a_long_value_is_passed_by_its_address(deployment: Deployment) -> None:
    run = deployment.start({"alpha": Stored("ab12"), "data": Stored("cd34")})
    assert arguments(run) == {
        name: json.dumps({STORED: address}) for name, address in (("alpha", "ab12"), ("data", "cd34"))
    }


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"beta": 1}, "has no parameter beta; it has alpha, data"),
        ({"alpha": object()}, "the parameters are no JSON"),
        ({"alpha": float("nan")}, "the parameters are no JSON"),
        ({"data": "x" * 300_000}, "is 300006 bytes, a workflow takes 262144"),
    ],
)
def test_parameters_that_cannot_be_sent_are_refused(
    server: ApiServer, deployment: Deployment, parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(Refusal, match=message):
        deployment.trigger(**parameters)
    assert not any("/workflows/" in path for path in server.objects)


def test_a_required_parameter_must_be_given(server: ApiServer) -> None:
    each = template()
    known = {"alpha": {"name": "alpha", "type": "int", "is_required": True, "value": "null"}}
    each["metadata"]["annotations"]["metaflow/parameters"] = json.dumps(known)
    deployment = plan_deployment(client(), [each]).apply()
    with pytest.raises(Refusal, match=r"needs a value for alpha"):
        deployment.trigger()
    assert deployment.trigger(alpha=1).id


@pytest.mark.parametrize(
    ("phase", "status"),
    [("", "PENDING"), ("Pending", "PENDING"), ("Running", "RUNNING"), ("Succeeded", "SUCCEEDED")],
)
def test_a_status_is_argos_in_capitals(
    server: ApiServer, deployment: Deployment, phase: str, status: str
) -> None:
    run = deployment.trigger()
    stored(server, run)["status"] = {"phase": phase}
    assert run.status == status


def test_an_error_is_a_failure(server: ApiServer, deployment: Deployment) -> None:
    run = deployment.trigger()
    finish(server, run, "Error", message="pods is forbidden")
    assert (run.status, run.phase) == ("FAILED", "Failed")
    assert str(run.failure()) == "pods is forbidden"


def test_waiting_ends_with_the_run_or_with_the_time(server: ApiServer, deployment: Deployment) -> None:
    run = deployment.trigger()
    with pytest.raises(TimeoutError, match=f"Run {run.id} is still PENDING after 0 seconds"):
        run.wait(timeout=0)
    finish(server, run, "Succeeded")
    assert run.wait(timeout=5) == "SUCCEEDED"
    assert run.failure() is None
    assert run.stopped is not None
    assert run.stopped > run.started


def test_a_cluster_that_is_away_for_a_moment_ends_no_wait(server: ApiServer, deployment: Deployment) -> None:
    run = deployment.trigger()
    finish(server, run, "Succeeded")
    looks_of_a_busy_server = 3 * 3  # each is tried three times
    server.faults.append(Fault("GET", run.name, 503, b"", times=looks_of_a_busy_server))
    assert run.wait(timeout=5, every=0.01) == "SUCCEEDED"
    again = deployment.trigger()
    server.faults.append(Fault("GET", again.name, 503, b"", times=99))
    with pytest.raises(ArgoError, match="the server is busy"):
        again.wait(timeout=5, every=0.01)
    server.faults[-1].times = 0
    server.fail("GET", again.name, 401)
    with pytest.raises(ArgoError, match="have expired"):
        again.wait(timeout=5, every=0.01)


def test_a_run_that_is_gone_is_told(server: ApiServer, deployment: Deployment) -> None:
    run = deployment.trigger()
    for path in [path for path in server.objects if "/workflows/" in path]:
        del server.objects[path]
    with pytest.raises(ArgoError, match=f"There is no Workflow {run.name} in namespace default"):
        _ = run.status


# Argo puts the end of the log behind the exit code.
LOG = """main: Error (exit code 3): k.py", line 113, in _exec_step_function
    step_function()
ValueError: 5
Task argo-train-x/fit/t-2-5, attempt 1, failed: exit status 1
time=2026-01-01T00:00:00.660Z level=INFO msg="sub-process exited" argo=true error="exit status 3"
Error: exit status 3
"""


def failed_status() -> dict[str, Any]:
    """A foreach task that failed at its second and last attempt, and an exit handler that ran after it."""
    templates = [
        {"name": "pod-1"},
        {"name": "fit", "metadata": {"annotations": {"metaflow/step_name": "fit_it"}}},
    ]

    def pod(number: int, phase: str, ended: int, name: str, **rest: Any) -> dict[str, Any]:
        node = {
            "id": f"run-{number}",
            "type": "Pod",
            "phase": phase,
            "name": f"NAME.{name}",
            "templateName": "fit",
        }
        return {**node, "finishedAt": f"2026-01-01T00:00:{ended:02d}Z", **rest}

    index = {"inputs": {"parameters": [{"name": "index", "value": "-2-5"}]}}
    nodes = [
        pod(1, "Failed", 10, "fit(0)", message="first", **index),
        pod(2, "Failed", 20, "fit(1)", message=LOG, **index),
        pod(3, "Failed", 5, "other(0)"),
        pod(4, "Succeeded", 6, "other(1)"),
        {
            "id": "run-5",
            "type": "Retry",
            "phase": "Failed",
            "name": "NAME.fit",
            "children": ["run-1", "run-2"],
        },
        {
            "id": "run-6",
            "type": "Retry",
            "phase": "Succeeded",
            "name": "NAME.other",
            "children": ["run-3", "run-4"],
        },
        pod(7, "Failed", 30, "later"),
    ]
    nodes.append(pod(8, "Failed", 1, "onExit"))
    nodes.append(pod(9, "Failed", 1, "hooks.early"))
    return {
        "message": "child failed",
        "storedWorkflowTemplateSpec": {"templates": templates},
        "nodes": {node["id"]: node for node in nodes},
    }


def of_run(status: dict[str, Any], run: Run) -> dict[str, Any]:
    """The status with this run's name in it."""
    found: dict[str, Any] = json.loads(json.dumps(status).replace("NAME", run.name))
    return found


def test_a_failure_names_step_attempt_reason_and_log(server: ApiServer, deployment: Deployment) -> None:
    run = deployment.trigger()
    executor = 'time=1 level=INFO msg="waiting for signals" argo=true signalPath=a'
    server.logs[f"{run.name}-fit-2"] = f"{executor}\none\ntwo\n{executor}\n"
    finish(server, run, "Failed", **of_run(failed_status(), run))
    failure = run.failure()
    assert failure is not None
    assert str(failure) == "step fit_it, index 2-5, attempt 1: Error (exit code 3): ValueError: 5"
    assert (failure.pod, failure.log) == (f"{run.name}-fit-2", ("one", "two"))


def test_a_failure_without_a_pod_to_ask_says_so(server: ApiServer, deployment: Deployment) -> None:
    run = deployment.trigger()
    finish(server, run, "Failed", **of_run(failed_status(), run))
    failure = run.failure()
    assert failure is not None
    assert failure.log == (f"the pod {run.name}-fit-2 is gone, and its log with it",)
    server.fail("GET", "/log", 403, "pods is forbidden", reason="Forbidden")
    failure = run.failure()
    assert failure is not None
    assert failure.log[0].startswith("the log cannot be read: get pods/log/")


def test_packed_nodes_are_read(server: ApiServer, deployment: Deployment) -> None:
    run = deployment.trigger()
    status = of_run(failed_status(), run)
    packed = base64.b64encode(gzip.compress(json.dumps(status.pop("nodes")).encode())).decode()
    finish(server, run, "Failed", compressedNodes=packed, **status)
    failure = run.failure()
    assert failure is not None
    assert failure.step == "fit_it"


def test_terminating_changes_one_field(server: ApiServer, deployment: Deployment) -> None:
    run = deployment.trigger()
    stored(server, run)["spec"]["extra"] = "of somebody else"
    run.terminate()
    assert stored(server, run)["spec"]["shutdown"] == "Terminate"
    assert stored(server, run)["spec"]["extra"] == "of somebody else"
    with pytest.raises(Refusal, match=r"^Execution has already been terminated\.$"):
        run.terminate()
    finish(server, run, "Failed", message="Stopped with strategy 'Terminate'")
    assert str(run.failure()) == "the run was terminated: Stopped with strategy 'Terminate'"


@pytest.mark.parametrize("jobset", ["jobset.x-k8s.io/v1alpha2", ""])
def test_terminating_ends_the_runs_gangs(server: ApiServer, deployment: Deployment, jobset: str) -> None:
    run = deployment.trigger()
    plan = argo_plan(*SHAPES["gang"])
    spec = translate(Translator(plan, Settings(jobset=jobset))).workflow_template.to_dict()["spec"]
    stored(server, run)["status"] = {"phase": "Running", "storedWorkflowTemplateSpec": spec}
    group, plural = ("jobset.x-k8s.io/v1alpha2", "jobsets") if jobset else ("batch/v1", "jobs")
    place = f"/apis/{group}/namespaces/default/{plural}"
    jobs = [
        {"kind": "Job", "metadata": {"name": name, "labels": {"metaflow.org/workflow": of}}}
        for name, of in (("another", "another-run"), ("ours", run.name))
    ]
    for job in jobs:
        server.answer("POST", place, "", job)
    run.terminate()
    assert [path for path in server.objects if path.startswith(place)] == [f"{place}/another"]
    server.answer("POST", place, "", jobs[-1])
    with pytest.raises(Refusal, match="already been terminated"):
        run.terminate()  # again, after it could not delete them all
    assert [path for path in server.objects if path.startswith(place)] == [f"{place}/another"]
    # Without it Kubernetes leaves the pods of a Job.
    assert ("DELETE", f"{place}/ours?propagationPolicy=Background") in server.asked


def test_suspending_and_going_on(server: ApiServer, deployment: Deployment) -> None:
    run = deployment.trigger()
    with pytest.raises(Refusal, match=r"^Execution is already proceeding\.$"):
        run.unsuspend()
    run.suspend()
    assert stored(server, run)["spec"]["suspend"] is True
    with pytest.raises(Refusal, match=r"^Execution has already been suspended\.$"):
        run.suspend()
    run.unsuspend()
    assert stored(server, run)["spec"]["suspend"] is False


@pytest.mark.parametrize("action", ["terminate", "suspend", "unsuspend"])
def test_what_has_finished_stays_as_it_is(server: ApiServer, deployment: Deployment, action: str) -> None:
    run = deployment.trigger()
    finish(server, run, "Succeeded")
    server.asked.clear()
    with pytest.raises(Refusal, match=rf"^Cannot {action} an execution that has already finished\.$"):
        getattr(run, action)()
    assert server.changed() == []


def test_runs_are_listed_the_latest_first(server: ApiServer, deployment: Deployment) -> None:
    runs = [deployment.trigger() for _ in range(5)]
    finish(server, runs[1], "Failed")
    other = stock_template()
    other["metadata"]["name"] = "other"
    server.put("workflowtemplates", other)
    stock = ArgoWorkflows.from_deployment("other", client())
    started = stock.trigger()
    assert [run.id for run in deployment.runs()] == [run.id for run in reversed(runs)]
    assert [run.id for run in deployment.runs("FAILED")] == [runs[1].id]
    assert len(list(deployment.runs("PENDING", "RUNNING"))) == 4
    assert [run.id for run in stock.runs()] == [started.id]


def test_a_run_is_found_by_its_id_and_by_no_other(server: ApiServer, deployment: Deployment) -> None:
    run = deployment.trigger()
    assert deployment.run(run.id).name == run.name
    assert deployment.run(f"{deployment.flow}/{run.id}").name == run.name
    with pytest.raises(
        Refusal, match=f"^Other/{run.id} is no run of the flow {deployment.flow}; check the id$"
    ):
        deployment.run(f"Other/{run.id}")
    with pytest.raises(
        Refusal, match=r"Run IDs for flows executed through Argo Workflows begin with 'argo-'"
    ):
        deployment.run(run.name)
    with pytest.raises(Refusal, match=r"Could not find workflow nothing on Argo Workflows"):
        deployment.run("argo-nothing")
    with pytest.raises(Refusal, match=r"argo- is no run of Argo Workflows"):
        deployment.run("argo-")
    with pytest.raises(Refusal, match=r"Could not find workflow x\?y=1 on Argo Workflows"):
        deployment.run("argo-x?y=1")
    foreign = {"name": "foreign", "annotations": {"metaflow/flow_name": "OtherFlow"}}
    spec = {"workflowTemplateRef": {"name": "other"}}
    server.put("workflows", {"kind": "Workflow", "metadata": foreign, "spec": spec})
    with pytest.raises(
        Refusal, match=r"run_id argo-foreign belongs to the flow OtherFlow, not to the deployment"
    ):
        deployment.run("argo-foreign")
