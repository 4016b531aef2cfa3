"""What a run has around its steps: limits, labels, schedules, and what happens at its end."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hera_bridge import Bundle, IncidentIo, PagerDuty, SecretKey, Settings, Slack, Translator, translate
from metaflow_provider.plan import FlowPlan
from metaflow_provider.plan.model import Limits, Project, Schedule
from tests.hera_bridge.translation.plans import argo_plan
from tests.metaflow_provider.plans import step
from tests.shapes import SHAPES

KEY = SecretKey("train-secrets", "key")


def flow(**fields: Any) -> FlowPlan:
    return argo_plan(step("start", "end"), step("end"), **fields)


def bundle(plan: FlowPlan | None = None, **wishes: Any) -> Bundle:
    found = translate(Translator(plan or flow(), Settings(**wishes)))
    assert found.check() == []
    return found


def spec(plan: FlowPlan | None = None, **wishes: Any) -> dict[str, Any]:
    found: dict[str, Any] = bundle(plan, **wishes).objects()[0]["spec"]
    return found


def template(spec: dict[str, Any], name: str) -> dict[str, Any]:
    [found] = [each for each in spec["templates"] if each["name"] == name]
    assert isinstance(found, dict)
    return found


def test_pods_that_are_no_steps_have_no_variables_of_a_foreach() -> None:
    found = spec(argo_plan(*SHAPES["nested_foreach"]), heartbeat=True)
    assert "{{inputs." not in json.dumps(found["templateDefaults"])


def test_the_same_plan_gives_the_same_bytes() -> None:
    assert json.dumps(bundle().objects()) == json.dumps(bundle().objects())


def test_limits_of_a_run() -> None:
    found = spec(
        flow(limits=Limits(max_workers=7, workflow_timeout=60)),
        keep_seconds=3600,
        pod_gc="OnPodSuccess",
        priority=5,
    )
    assert (found["parallelism"], found["activeDeadlineSeconds"], found["priority"]) == (7, 60, 5)
    assert found["ttlStrategy"] == {"secondsAfterCompletion": 3600}
    assert found["podGC"] == {"strategy": "OnPodSuccess"}


def test_objects_runs_and_pods_can_be_selected() -> None:
    found = bundle(flow(flow="My_Flow", schedules=(Schedule("0 3 * * *"),)))
    manifest, cron = found.objects()
    wanted = {"app.kubernetes.io/part-of": "metaflow", "metaflow.org/flow": "My_Flow"}
    for labels in (
        manifest["metadata"]["labels"],
        manifest["spec"]["workflowMetadata"]["labels"],
        manifest["spec"]["podMetadata"]["labels"],
        cron["metadata"]["labels"],
    ):
        assert labels.items() >= wanted.items()


def test_annotations_are_those_of_stock_metaflow() -> None:
    plan = flow(
        owner="ada",
        production_token="token-1",
        project=Project("shop", "test.a", False),
        tags=("x",),
        schedules=(Schedule("0 3 * * *", "Asia/Tokyo"),),
    )
    manifest = bundle(plan).objects()[0]
    assert (
        manifest["metadata"]["annotations"].items()
        >= {
            "metaflow/owner": "ada",
            "metaflow/production_token": "token-1",
            "metaflow/flow_name": "Train",
            "metaflow/user": "argo-workflows",
            "metaflow/project_name": "shop",
            "metaflow/branch_name": "test.a",
            "metaflow/project_flow_name": "shop.test.a.Train",
            "metaflow/tags": '["x"]',
            "metaflow/cron": '{"schedule":"0 3 * * *","tz":"Asia/Tokyo"}',
            "workflows.argoproj.io/title": "shop.test.a.Train",
        }.items()
    )
    run = manifest["spec"]["workflowMetadata"]["annotations"]
    assert run["metaflow/run_id"] == "argo-{{workflow.name}}"


def test_a_schedule_is_a_cron_workflow_in_its_time_zone() -> None:
    plan = flow(
        schedules=(Schedule("*/15 9-17 * * 1-5", "Europe/Berlin"), Schedule("0 3 * * 0", "Europe/Berlin"))
    )
    _, cron = bundle(plan, concurrency_policy="Forbid", suspended=True, priority=3).objects()
    assert cron["metadata"]["name"] == "train"
    assert cron["spec"] == {
        "schedules": ["*/15 9-17 * * 1-5", "0 3 * * 0"],
        "timezone": "Europe/Berlin",
        "suspend": True,
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": 3540,
        "successfulJobsHistoryLimit": 10000,
        "failedJobsHistoryLimit": 10000,
        "workflowSpec": {"priority": 3, "workflowTemplateRef": {"name": "train"}},
    }


def test_without_a_schedule_there_is_no_cron_workflow() -> None:
    assert bundle().crons == []


def test_class_names_that_are_no_names_of_templates() -> None:
    assert spec(flow(flow="My_Flow"))["entrypoint"] == "My-Flow"
    assert spec(argo_plan(step("start", "end"), step("end"), flow="start"))["entrypoint"] == "start-2"


def test_the_first_failure_is_told_at_the_end_of_a_run_that_failed() -> None:
    found = spec(capture_script="notify-us")
    [[step]] = template(found, found["onExit"])["steps"]
    assert (step["when"], step["continueOn"]) == (
        "{{workflow.status}} != Succeeded",
        {"error": True, "failed": True},
    )
    pod = template(found, step["template"])
    assert pod["inputs"]["artifacts"][0]["raw"]["data"] == "{{=toBase64(workflow.failures)}}"
    values = {each["name"]: each["value"] for each in pod["container"]["env"]}
    assert values["METAFLOW_ORCHESTRATORS_FAILURES"] == pod["inputs"]["artifacts"][0]["path"]
    assert values["METAFLOW_ARGO_WORKFLOWS_CAPTURE_ERROR_SCRIPT"] == "notify-us"
    assert "onExit" not in spec(capture_errors=False)


def test_a_heartbeat_runs_beside_the_steps() -> None:
    found = spec(heartbeat=True)
    pod = template(found, "heartbeat-daemon")
    assert pod["daemon"] is True
    assert pod["container"]["command"][-1].endswith("orchestrators.runtime.heartbeat")
    tasks = template(found, "Train")["dag"]["tasks"]
    assert {"name": "heartbeat-daemon", "template": "heartbeat-daemon"} in tasks
    assert "activeDeadlineSeconds" not in pod


def test_a_heartbeat_lasts_as_long_as_a_run_of_many_dags() -> None:
    steps = [step("start", "s1"), *(step(f"s{n}", f"s{n + 1}") for n in range(1, 300)), step("s300", "end")]
    found = spec(argo_plan(*steps, step("end")), heartbeat=True)
    beating = [
        each["name"]
        for each in found["templates"]
        if any(task["name"] == "heartbeat-daemon" for task in each.get("dag", {}).get("tasks", []))
    ]
    assert beating == [found["entrypoint"]]


@pytest.mark.parametrize(
    ("notification", "place", "said"),
    [
        (
            Slack(KEY, on_success=True),
            "url",
            ["_Train/argo-{{workflow.name}}_ failed!", "https://ui/Train/argo-"],
        ),
        (
            PagerDuty(KEY, on_success=True),
            "routing_key",
            [
                "https://events.pagerduty.com/v2/enqueue",
                '"event_action":"trigger"',
                "https://argo/workflows/",
            ],
        ),
        (
            IncidentIo(KEY, on_success=True, alert_source="S1", metadata={"team": "{{x}} $(A)"}),
            "bearer",
            ["https://api.incident.io/v2/alert_events/http/S1", '"team":"{\\u007bx}} \\u0024(A)"'],
        ),
    ],
)
def test_notifications_are_small_pods_with_a_reference_to_their_secret(
    notification: Slack | PagerDuty | IncidentIo, place: str, said: list[str]
) -> None:
    found = spec(
        notifications=(notification,), capture_errors=False, ui="https://ui/", argo_ui="https://argo"
    )
    [on_error, on_success] = template(found, "exit-handler")["steps"][0]
    assert [each["name"].rpartition("-")[2] for each in (on_error, on_success)] == ["error", "success"]
    assert on_success["when"] == "{{workflow.status}} == Succeeded"
    [message] = on_error["arguments"]["parameters"]
    assert json.loads(message["value"])["secret"] == place
    for text in said:
        assert text in message["value"]
    pod = template(found, f"notify--{notification.name}")
    assert pod["container"]["env"][-1]["valueFrom"] == {
        "secretKeyRef": {"name": "train-secrets", "key": "key"}
    }


def test_a_step_may_have_the_name_of_a_notification() -> None:
    plan = argo_plan(step("start", "notify_slack"), step("notify_slack", "end"), step("end"))
    found = spec(plan, notifications=(Slack(KEY),))
    [call] = template(found, "exit-handler")["steps"][0][1:]
    assert template(found, "notify-slack")["metadata"]["annotations"]["metaflow/step_name"] == "notify_slack"
    assert call["template"] != "notify-slack"
    assert template(found, call["template"])["container"]["command"][-1].endswith("runtime.notification")


def test_a_notification_that_cannot_start_does_not_keep_a_run_from_its_end() -> None:
    found = spec(notifications=(Slack(KEY),))
    assert template(found, "notify--slack")["activeDeadlineSeconds"] == 1800


def test_messages_can_be_sent_to_a_receiver_of_ones_own() -> None:
    found = spec(notifications=(PagerDuty(KEY, on_error=False, on_success=True, endpoint="http://here:1/"),))
    [_, step] = template(found, "exit-handler")["steps"][0]
    message = json.loads(step["arguments"]["parameters"][0]["value"])
    assert message["url"] == "http://here:1/v2/change/enqueue"
