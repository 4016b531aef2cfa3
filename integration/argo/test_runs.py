"""Runs with real pods: their end, their failures and logs, and what stops them."""

from __future__ import annotations

import pytest

from hera_bridge import ArgoError, Client, Deployment
from hera_bridge.clients import SECRET, Kubernetes
from hera_bridge.deployment_plan import plan_deployment
from integration.argo.objects import cron, secret, stored, template
from metaflow_provider.deployment import looks
from metaflow_provider.plan import Refusal

pytestmark = pytest.mark.argo

SECONDS = 120


def deployed(client: Client, *objects: dict[str, object]) -> Deployment:
    return plan_deployment(client, objects).apply()


def test_a_run_succeeds_with_its_own_parameters_and_priority(client: Client, name: str) -> None:
    script = template(name, 'test "{{workflow.parameters.alpha}}" = 3', priority=7)
    deployment = deployed(client, script)
    run = deployment.start({"alpha": 3}, user="eve")
    assert run.wait(SECONDS, every=1) == "SUCCEEDED"
    assert run.failure() is None
    assert run.phase == "Succeeded"
    assert run.workflow["spec"]["priority"] == 7
    assert run.flow == "ScriptFlow"
    assert run.stopped is not None
    assert run.stopped > run.started
    assert [each.id for each in deployment.runs()] == [run.id]
    assert list(deployment.runs("FAILED")) == []
    for action in (run.terminate, run.suspend, run.unsuspend):
        with pytest.raises(Refusal, match="an execution that has already finished"):
            action()
    with pytest.raises(ArgoError, match="exists already"):
        deployment.start({}, name=run.name)


def test_a_failure_names_step_attempt_reason_and_log(client: Client, name: str) -> None:
    run = deployed(client, template(name, "echo one; echo two; exit 3", retries=1)).trigger()
    assert run.wait(SECONDS, every=1) == "FAILED"
    failure = run.failure()
    assert failure is not None
    assert (failure.step, failure.attempt) == ("fit_it", 1)
    assert "3" in failure.reason
    assert failure.log[:2] == ("one", "two")


def test_a_pod_that_cannot_start_is_told(client: Client, name: str) -> None:
    script = template(name)
    script["spec"]["templates"][0]["container"]["env"] = [
        {"name": "A", "valueFrom": {"secretKeyRef": {"name": f"{name}-nothing", "key": "a"}}}
    ]
    script["spec"]["activeDeadlineSeconds"] = 10
    run = deployed(client, script).trigger()
    assert run.wait(SECONDS, every=1) == "FAILED"
    assert "deadline" in str(run.failure())


def test_terminating_ends_the_pods(client: Client, name: str) -> None:
    deployment = deployed(client, template(name, "sleep 600"))
    run = deployment.trigger()
    assert [each.id for each in deployment.runs("PENDING", "RUNNING")] == [run.id]
    run.terminate()
    with pytest.raises(Refusal, match=r"Execution has already been terminated\.|already finished"):
        run.terminate()
    assert run.wait(SECONDS, every=1) == "FAILED"
    assert str(run.failure()).startswith("the run was terminated")


def test_a_suspended_run_starts_nothing_and_goes_on(client: Client, name: str) -> None:
    first = {"name": "wait", "suspend": {"duration": "3"}}
    tasks = [{"name": "wait", "template": "wait"}, {"name": "fit", "template": "fit", "depends": "wait"}]
    script = template(name)
    script["spec"]["templates"][1:] = [first, {"name": "main", "dag": {"tasks": tasks}}]
    run = deployed(client, script).trigger()
    run.suspend()
    with pytest.raises(Refusal, match=r"^Execution has already been suspended\.$"):
        run.suspend()
    with pytest.raises(TimeoutError):
        run.wait(8, every=1)
    run.refresh()
    assert run.is_suspended
    run.unsuspend()
    with pytest.raises(Refusal, match=r"^Execution is already proceeding\.$"):
        run.unsuspend()
    assert run.wait(SECONDS, every=1) == "SUCCEEDED"


def test_a_run_of_another_deployment_is_refused(client: Client, name: str) -> None:
    other = deployed(client, template(f"{name}-other"))
    run = other.trigger()
    deployment = deployed(client, template(name))
    with pytest.raises(Refusal, match=f"belongs to the flow .*, not to the deployment {name}"):
        deployment.run(run.id)
    assert other.run(run.id).name == run.name


def test_a_schedule_fires_in_its_time_zone(kubernetes: Kubernetes, name: str) -> None:
    every_minute = cron(name, schedules=["* * * * *"], timezone="Asia/Kathmandu")
    deployment = deployed(kubernetes, template(name), every_minute)
    for _ in looks(every=2, seconds=SECONDS):
        runs = list(deployment.runs())
        if runs:
            break
    assert runs[0].wait(SECONDS, every=1) == "SUCCEEDED"
    assert runs[0].flow == "ScriptFlow"


def test_deleting_leaves_runs_at_work_and_their_secrets(kubernetes: Kubernetes, name: str) -> None:
    script = template(name, 'sleep 5; test "$A" = old')
    script["spec"]["templates"][0]["container"]["env"] = [
        {"name": "A", "valueFrom": {"secretKeyRef": {"name": name, "key": "a"}}}
    ]
    deployment = deployed(kubernetes, script, secret(name, a="b2xk"))
    run = deployment.trigger()
    for _ in looks(every=1, seconds=SECONDS):
        if run.status == "RUNNING":
            break
    deployment.delete()
    assert stored(kubernetes.get(SECRET, name))["data"] == {"a": "b2xk"}
    assert run.wait(SECONDS, every=1) == "SUCCEEDED"
