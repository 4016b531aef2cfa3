from __future__ import annotations

import copy
from typing import Any

import pytest

from hera_bridge.api import ArgoWorkflows
from hera_bridge.clients import ArgoError, Object
from hera_bridge.deployment_plan import DeploymentPlan, plan_deployment
from metaflow_provider.plan import Refusal
from tests.hera_bridge.api_server import ApiServer, Fault, Stored
from tests.hera_bridge.cluster import (
    LABELS,
    actions,
    client,
    cron,
    secret,
    stock_cron,
    stock_template,
    template,
)

EVERYTHING = [("Secret", "train-slack"), ("WorkflowTemplate", "train"), ("CronWorkflow", "train")]


def plan(*objects: Object, **options: Any) -> DeploymentPlan:
    return plan_deployment(client(), objects or (template(), cron(), secret()), **options)


def deploy(*objects: Object, **options: Any) -> None:
    plan(*objects, **options).apply()


def content(server: ApiServer) -> dict[str, Any]:
    """Everything that is kept, without what accounts for it."""
    found = copy.deepcopy({path: stored.data for path, stored in server.objects.items()})
    for data in found.values():
        for field in ("resourceVersion", "uid", "creationTimestamp"):
            data["metadata"].pop(field, None)
    return found


def test_a_first_deployment_makes_everything(server: ApiServer) -> None:
    planned = plan()
    assert actions(planned.changes) == [("create", *each) for each in EVERYTHING]
    deployment = planned.apply()
    assert (deployment.name, deployment.flow, deployment.owner, deployment.token) == (
        "train",
        "TrainFlow",
        "ada",
        "train-0-abcd",
    )
    stored = server.get("workflowtemplates", "train")
    assert stored["spec"]["templates"] == template()["spec"]["templates"]
    assert stored["metadata"]["annotations"]["metaflow/deployment_timestamp"].startswith("20")
    kept = server.get("cronworkflows", "train")
    assert kept["spec"]["timezone"] == "Asia/Tokyo"
    assert "metaflow.org/digest" not in server.get("secrets", "train-slack")["metadata"].get(
        "annotations", {}
    )


def test_planning_and_rehearsing_change_nothing(server: ApiServer) -> None:
    plan().rehearse()
    assert server.changed() == []
    assert server.objects == {}


def test_deploying_twice_changes_nothing_and_says_so(server: ApiServer) -> None:
    deploy()
    server.asked.clear()
    again = plan()
    assert again.is_empty
    assert again.diff() == ""
    assert actions(again.changes) == [("unchanged", *each) for each in EVERYTHING]
    again.apply()
    assert server.changed() == []


def test_a_change_is_shown_and_made_and_a_field_that_is_gone_is_removed(server: ApiServer) -> None:
    deploy(template(activeDeadlineSeconds=60), cron())
    deploy(template(activeDeadlineSeconds=60, priority=1), cron())
    planned = plan(template(parallelism=5, activeDeadlineSeconds=60), cron(timezone="UTC"))
    assert [line for line in planned.diff().splitlines() if "defaulted" not in line] == [
        "update WorkflowTemplate train",
        "  - spec.priority: 1",
        "  + spec.parallelism: 5",
        "update CronWorkflow train",
        "  ~ spec.timezone: Asia/Tokyo -> UTC",
    ]
    planned.apply()
    stored = server.get("workflowtemplates", "train")
    assert "priority" not in stored["spec"]
    assert (stored["spec"]["parallelism"], stored["spec"]["activeDeadlineSeconds"]) == (5, 60)
    assert plan(template(parallelism=5, activeDeadlineSeconds=60), cron(timezone="UTC")).is_empty


def test_what_was_edited_by_hand_is_set_again_and_what_others_added_stays(server: ApiServer) -> None:
    deploy()
    data = next(each.data for path, each in server.objects.items() if "workflowtemplates" in path)
    data["metadata"]["labels"]["team"] = "fraud"
    assert plan().is_empty
    assert "fraud" not in plan(template(parallelism=5), cron(), secret()).diff()
    data["spec"]["entrypoint"] = "Other"
    planned = plan()
    assert "~ spec.entrypoint: Other -> TrainFlow" in planned.diff()
    planned.apply()
    stored = server.get("workflowtemplates", "train")
    assert (stored["spec"]["entrypoint"], stored["metadata"]["labels"]["team"]) == ("TrainFlow", "fraud")


def test_a_schedule_that_was_suspended_by_hand_is_seen_and_goes_on(server: ApiServer) -> None:
    deploy(template(), cron(suspend=False))
    data = next(each.data for path, each in server.objects.items() if "cronworkflows" in path)
    del data["spec"]["suspend"]  # as the Argo Server writes false
    assert plan(template(), cron(suspend=False)).is_empty
    data["spec"]["suspend"] = True
    planned = plan(template(), cron(suspend=False))
    assert "  ~ spec.suspend: True -> False" in planned.diff().splitlines()
    planned.apply()
    assert server.get("cronworkflows", "train")["spec"]["suspend"] is False


def test_a_schedule_and_a_secret_that_are_gone_are_removed(server: ApiServer) -> None:
    deploy()
    server.put("cronworkflows", {**cron("of-a-user"), "metadata": {"name": "of-a-user"}})
    planned = plan(template())
    assert actions(planned.changes)[1:] == [
        ("delete", "CronWorkflow", "train"),
        ("delete", "Secret", "train-slack"),
    ]
    planned.apply()
    assert server.find("cronworkflows", "train") is None
    assert server.find("secrets", "train-slack") is None
    assert server.find("cronworkflows", "of-a-user") is not None


def test_secrets_are_compared_and_never_shown(server: ApiServer) -> None:
    deploy(template(), secret(url="b2xk", old="b2xk"))
    planned = plan(template(), secret(url="bmV3"))
    assert planned.diff().splitlines()[1:] == ["  ~ data.url", "  - data.old"]
    planned.apply()
    stored = server.get("secrets", "train-slack")
    assert stored["data"] == {"url": "bmV3"}
    assert plan(template(), secret(url="bmV3")).is_empty


def test_a_deployment_of_stock_metaflow_is_taken_over_whole(server: ApiServer) -> None:
    server.put("workflowtemplates", stock_template(), manager="OpenAPI-Generator")
    server.put("cronworkflows", stock_cron(), manager="OpenAPI-Generator")
    server.put("cronworkflows", {**cron("nightly"), "metadata": {"name": "nightly"}})
    planned = plan(template(owner="bob", token="train-3-zzzz"))
    assert "- spec.onExit: start" in planned.diff()
    assert actions(planned.changes)[1:] == [("delete", "CronWorkflow", "train")]
    planned.apply()
    stored = server.get("workflowtemplates", "train")
    assert "onExit" not in stored["spec"]
    assert "metaflow/dag" not in stored["metadata"]["annotations"]
    assert server.find("cronworkflows", "nightly") is not None
    assert plan(template(owner="bob", token="train-3-zzzz")).is_empty


@pytest.mark.parametrize("takes_over", [True, False])
def test_the_sensor_of_stock_metaflow_starts_no_more_runs(server: ApiServer, takes_over: bool) -> None:
    stock = stock_template()
    stock["metadata"]["annotations"] |= {
        "metaflow/sensor_name": "train",
        "metaflow/sensor_namespace": "events",
    }
    server.put("workflowtemplates", stock, manager="OpenAPI-Generator")
    sensors = "/apis/argoproj.io/v1alpha1/namespaces/events/sensors"
    metadata = {"name": "train", "namespace": "events"}
    server.objects[f"{sensors}/train"] = Stored({"kind": "Sensor", "metadata": metadata})
    if takes_over:
        planned = plan(template(owner="bob", token="train-3-zzzz"))
        assert ("delete", "Sensor", "train") in actions(planned.changes)
        server.fail("DELETE", sensors, 403, "no", reason="Forbidden")
        with pytest.raises(ArgoError, match=r"verb delete on sensors\.argoproj\.io"):
            planned.apply()
        planned = plan(template(owner="bob", token="train-3-zzzz"))
        planned.apply()
        assert plan(template(owner="bob", token="train-3-zzzz")).is_empty
    else:
        ArgoWorkflows.from_deployment("train", client()).delete()
    assert server.find("sensors", "train") is None


def test_without_argo_events_there_is_no_sensor(server: ApiServer) -> None:
    stock = stock_template()
    stock["metadata"]["annotations"]["metaflow/sensor_name"] = "train"
    server.put("workflowtemplates", stock)
    server.faults.append(Fault("GET", "sensors", 404, b"404 page not found\n"))
    assert plan(template(owner="bob", token="train-3-zzzz")).apply().name == "train"


def test_what_stock_metaflow_took_over_is_taken_back(server: ApiServer) -> None:
    deploy(template(parallelism=5))
    stock = stock_template()
    stock["metadata"]["resourceVersion"] = server.get("workflowtemplates", "train")["metadata"][
        "resourceVersion"
    ]
    path = next(path for path in server.objects if "workflowtemplates" in path)
    assert server.answer("PUT", f"{path}?fieldManager=OpenAPI-Generator", "application/json", stock)[0] == 200
    assert plan(template(owner="bob", parallelism=5)).is_empty is False
    deploy(template(owner="bob", parallelism=5))
    stored = server.get("workflowtemplates", "train")
    assert (stored["spec"]["parallelism"], "onExit" in stored["spec"]) == (5, False)


def test_what_another_tool_applies_is_refused_by_its_name(server: ApiServer) -> None:
    deploy(template())
    stored = next(iter(server.objects.values()))
    stored.account[("argocd-controller", "Apply")] = {("spec", "entrypoint")}
    deploy(template(parallelism=5))  # they agree on that field
    stored = next(iter(server.objects.values()))
    stored.data["spec"]["entrypoint"] = "Other"
    before = content(server)
    with pytest.raises(ArgoError, match=r"argocd-controller manages it too, and sets \.spec\.entrypoint"):
        deploy(template())
    assert content(server) == before


def test_another_users_deployment_is_refused_without_their_token(server: ApiServer) -> None:
    deploy(template(owner="bob", token="train-0-wxyz"))
    before = content(server)
    with pytest.raises(Refusal, match=r"deployed by the user bob, and its production token was not given"):
        plan(template())
    with pytest.raises(Refusal, match=r"production token"):
        plan(template(token="train-0-wxyz"))  # whoever compiles the flow gets its first token
    with pytest.raises(Refusal, match=r"production token"):
        plan(template(), authorize="production:wrong")
    assert content(server) == before
    deploy(template(), authorize="production:train-0-wxyz")
    assert plan(template()).is_empty


def test_a_template_that_is_no_flow_is_refused(server: ApiServer) -> None:
    foreign = template()
    foreign["metadata"] = {"name": "train"}
    server.put("workflowtemplates", foreign)
    with pytest.raises(Refusal, match=r"An existing non-metaflow workflow with the same name as train"):
        plan()
    with pytest.raises(Refusal, match=r"An existing non-metaflow workflow"):
        ArgoWorkflows.from_deployment("train", client())


def test_objects_with_errors_are_refused_before_anything_is_asked_of_the_cluster(server: ApiServer) -> None:
    with pytest.raises(Refusal, match=r"Argo Workflows would refuse the flow: .*nothing.*"):
        plan(template(entrypoint="nothing"))
    assert [path for _, path in server.asked if "namespaces" in path] == []


def test_schedules_and_secrets_of_others_are_refused(server: ApiServer) -> None:
    other = cron(workflowSpec={"workflowTemplateRef": {"name": "other"}})
    other["metadata"] = {"name": "train"}
    server.put("cronworkflows", other)
    with pytest.raises(Refusal, match=r"CronWorkflow train is there already, and starts something else"):
        plan()
    deploy(template())  # without a schedule it is none of our business
    assert server.find("cronworkflows", "train") is not None
    server.put("secrets", secret())
    with pytest.raises(Refusal, match=r"Secret train-slack is there already"):
        plan(template(), secret())


def test_objects_that_make_no_deployment_are_refused(server: ApiServer) -> None:
    with pytest.raises(Refusal, match=r"one WorkflowTemplate, not 0"):
        plan(cron())
    with pytest.raises(Refusal, match=r"objects of kind Deployment"):
        plan(template(), {"kind": "Deployment", "metadata": {"name": "a"}})
    elsewhere = template()
    elsewhere["metadata"]["namespace"] = "jobs"
    with pytest.raises(Refusal, match=r"train is for namespace jobs, the deployment for default"):
        plan(elsewhere)
    anonymous = template()
    anonymous["metadata"]["annotations"] = {}
    with pytest.raises(Refusal, match=r"does not say who owns it"):
        plan(anonymous)


@pytest.mark.parametrize("earlier", ["nothing", "ours", "stock"])
def test_a_failed_deployment_leaves_everything_as_it_was(server: ApiServer, earlier: str) -> None:
    if earlier == "ours":
        deploy(template(priority=3), cron(timezone="UTC"), secret(url="b2xk"))
    elif earlier == "stock":
        server.put("workflowtemplates", stock_template())
        server.put("cronworkflows", stock_cron())
    owner = {"owner": "bob"} if earlier == "stock" else {}
    planned = plan(template(**owner), cron(), secret())
    planned.rehearse()
    before = content(server)
    method = "POST" if earlier == "nothing" else "PATCH"
    rehearsal = 0 if method == "POST" else 1 + (earlier == "stock")
    server.fail(method, "cronworkflows", 500, "etcdserver: request timed out", after=rehearsal)
    with pytest.raises(ArgoError, match=r"request timed out.*all that was changed before has been undone"):
        planned.apply()
    assert content(server) == before
    deploy(template(**owner), cron(), secret())
    assert plan(template(**owner), cron(), secret()).is_empty


def test_an_undone_schedule_still_knows_when_it_last_came_due(server: ApiServer) -> None:
    deploy(template(), cron())
    due = {"lastScheduledTime": "2026-01-01T05:00:00Z"}
    next(each for path, each in server.objects.items() if "cronworkflows" in path).data["status"] = due
    server.put("cronworkflows", {**cron("train-1")})
    before = content(server)
    server.fail("DELETE", "cronworkflows/train-1", 403, "no", reason="Forbidden")
    with pytest.raises(ArgoError):
        deploy(template(), cron(timezone="UTC"))
    assert content(server) == before
    assert server.get("cronworkflows", "train")["status"] == due


def test_an_interrupted_deployment_ends_right_when_it_is_run_again(server: ApiServer) -> None:
    def interrupt(change: Any) -> None:
        if change.kind == "CronWorkflow":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        plan().apply(interrupt)
    assert server.objects == {}
    # Killed, so that nothing could be undone.
    wanted = plan()
    wanted.changes[0].do(client())  # type: ignore[misc]
    wanted.changes[1].do(client())  # type: ignore[misc]
    again = plan()
    assert [change.action for change in again.changes] == ["unchanged", "unchanged", "create"]
    again.apply()
    assert plan().is_empty


def test_two_who_deploy_at_once_do_not_overwrite_each_other(server: ApiServer) -> None:
    first, second = plan(template()), plan(template(priority=1))
    first.apply()
    with pytest.raises(ArgoError, match=r"exists already"):
        second.apply()
    first, second = plan(template(priority=2)), plan(template(priority=3))
    first.apply()
    with pytest.raises(ArgoError, match=r"somebody else has changed it at this moment.*try again"):
        second.apply()
    assert server.get("workflowtemplates", "train")["spec"]["priority"] == 2


def test_what_the_cluster_does_not_take_is_told_before_anything_changes(server: ApiServer) -> None:
    server.fail("PATCH", "cronworkflows", 422, "spec.schedules[0]: Invalid value", reason="Invalid")
    with pytest.raises(ArgoError, match=r"cronworkflows\.argoproj\.io/train.*refused: spec\.schedules"):
        deploy()
    assert server.objects == {}


def test_an_older_deployment_of_another_name_is_replaced(server: ApiServer) -> None:
    old = template()
    old["metadata"]["name"] = "train-v1"
    deploy(old)
    other = template()
    other["metadata"] = {
        **other["metadata"],
        "name": "other",
        "annotations": {**other["metadata"]["annotations"]},
    }
    other["metadata"]["annotations"]["metaflow/flow_name"] = "OtherFlow"
    deploy(other)
    planned = plan(template(), replaces="train-v1")
    assert actions(planned.changes) == [
        ("create", "WorkflowTemplate", "train"),
        ("delete", "WorkflowTemplate", "train-v1"),
    ]
    planned.apply()
    assert server.find("workflowtemplates", "train-v1") is None
    assert plan(template(), replaces="other").is_empty  # another flow's
    assert plan(template(), replaces="never-was").is_empty


def test_deployments_are_listed_by_flow_over_several_pages(server: ApiServer) -> None:
    for name in ("a", "b", "c"):
        each = template()
        each["metadata"] = {**each["metadata"], "name": name}
        deploy(each)
    server.put("workflowtemplates", {"kind": "WorkflowTemplate", "metadata": {"name": "z", "labels": LABELS}})
    assert [each.name for each in ArgoWorkflows.list(client=client())] == ["a", "b", "c"]
    assert [each.name for each in ArgoWorkflows.list("TrainFlow", client())] == ["a", "b", "c"]
    assert list(ArgoWorkflows.list("Other", client())) == []


def test_deleting_removes_what_starts_runs_and_keeps_secrets_of_runs_at_work(server: ApiServer) -> None:
    deploy()
    deployment = ArgoWorkflows.from_deployment("train", client())
    deployment.trigger()
    told: list[str] = []
    deployment.delete(lambda change: told.append(f"{change.action} {change.kind}"))
    assert told == ["delete CronWorkflow", "delete WorkflowTemplate"]
    assert server.find("secrets", "train-slack") is not None
    with pytest.raises(
        Refusal, match=r"The workflow train doesn't exist on Argo Workflows in namespace default"
    ):
        ArgoWorkflows.from_deployment("train", client())
    deploy()
    next(each for path, each in server.objects.items() if "/workflows/" in path).data["status"] = {
        "phase": "Succeeded"
    }
    deployment.delete()
    assert server.find("secrets", "train-slack") is None


def test_a_failed_removal_is_put_back(server: ApiServer) -> None:
    deploy()
    before = content(server)
    server.fail("DELETE", "workflowtemplates", 403, "no", reason="Forbidden")
    with pytest.raises(ArgoError, match=r"verb delete on workflowtemplates.argoproj.io"):
        ArgoWorkflows.from_deployment("train", client()).delete()
    assert content(server) == before
