"""`python flow.py argo-workflows ...` on a cluster: what is there afterwards, and what bad input leaves."""

from __future__ import annotations

import json

import pytest

from hera_bridge import ArgoWorkflows, Kubernetes
from hera_bridge.clients import CRON_WORKFLOW, SECRET, WORKFLOW, WORKFLOW_TEMPLATE
from integration.argo.places import NEVER_STARTS, by_stock, command, contents, done, reason, somebody_else
from tests.flows import Place, flow

pytestmark = pytest.mark.argo

SCHEDULE = '@schedule(cron="0 4 1 1 ? *", timezone="Europe/Berlin")'
PARAMETER = 'alpha = Parameter("alpha", default=1)'


def started(place: Place, name: str, *parameters: str) -> str:
    """The id of a run that has been started and does not go on."""
    done(place, name, "trigger", *parameters, "--run-id-file", "run")
    run_id = (place.folder / "run").read_text()
    done(place, name, "suspend", run_id)
    return run_id


def test_the_life_of_a_deployment(kubernetes: Kubernetes, place: Place, name: str) -> None:
    place.write(flow(decorators=SCHEDULE, parameters=PARAMETER))
    assert f"create CronWorkflow {name}" in done(place, name, "create").said
    there = contents(kubernetes, name)
    assert "nothing has changed" in done(place, name, "create").said
    assert done(place, name, "diff").out == "Nothing would change.\n"
    assert contents(kubernetes, name) == there
    cron = kubernetes.get(CRON_WORKFLOW, name)
    assert cron is not None
    assert (cron["spec"]["schedules"], cron["spec"]["timezone"]) == (["0 4 1 1 *"], "Europe/Berlin")
    changed = done(place, name, "diff", "--max-workers", "3", "--workflow-priority", "2").out
    assert "~ spec.parallelism: 100 -> 3" in changed
    place.write(flow(parameters=PARAMETER))
    assert f"delete CronWorkflow {name}" in done(place, name, "create", "--workflow-priority", "2").said
    assert kubernetes.get(CRON_WORKFLOW, name) is None
    assert name in done(place, name, "list-workflow-templates").out.split()
    rows = json.loads(done(place, name, "list", "--json").out)
    assert {"name": name, "flow": "TrainFlow", "owner": "tester"} in rows
    done(place, name, "delete")
    assert contents(kubernetes, name) == {}


def test_the_life_of_a_run(kubernetes: Kubernetes, place: Place, name: str) -> None:
    place.write(flow(parameters=PARAMETER, start=NEVER_STARTS))
    done(place, name, "create", "--workflow-priority", "2")
    run_id = started(place, name, "--alpha", "3")
    workflow = kubernetes.get(WORKFLOW, run_id.removeprefix("argo-"))
    assert workflow is not None
    assert workflow["spec"]["priority"] == 2
    assert {"name": "alpha", "value": "3"} in workflow["spec"]["arguments"]["parameters"]
    assert reason(place, name, "suspend", run_id) == "Execution has already been suspended."
    shown = done(place, name, "status", run_id)
    assert shown.out == "Pending\n"
    assert f"It is suspended; argo-workflows unsuspend {run_id} lets it go on." in shown.said
    assert json.loads(done(place, name, "status", run_id, "--json").out)["suspended"] is True
    done(place, name, "unsuspend", run_id)
    assert reason(place, name, "unsuspend", run_id) == "Execution is already proceeding."
    # A run outlives what is deployed.
    done(place, name, "delete")
    assert "Run terminated." in done(place, name, "terminate", run_id).said
    for action in ("trigger", "delete", "list-runs"):
        assert reason(place, name, action).startswith(f"The workflow {name} doesn't exist on Argo Workflows")
    assert reason(place, name, "status", f"{run_id}x") == (
        f"Could not find workflow {run_id.removeprefix('argo-')}x on Argo Workflows"
    )
    assert reason(place, name, "status", "sfn-1").startswith(
        "Run IDs for flows executed through Argo Workflows"
    )


def test_somebody_elses_flow(kubernetes: Kubernetes, place: Place, name: str) -> None:
    place.write(flow())
    [token] = [line for line in done(place, name, "create").said if line.startswith("production:")]
    run_id = started(place, name)
    there, other = contents(kubernetes, name), somebody_else(place)
    for arguments in (["create"], ["diff"], ["delete"], ["unsuspend", run_id], ["terminate", run_id]):
        assert reason(other, name, *arguments, "--authorize", "production:wrong") == (
            "Try again with the correct production token."
        )
    assert contents(kubernetes, name) == there
    assert "argo-workflows delete --authorize MY_TOKEN" in command(other, name, "delete").said
    done(other, name, "terminate", run_id, "--authorize", token)
    done(other, name, "delete", "--authorize", token)


def test_another_flow_under_a_name_is_told(place: Place, name: str) -> None:
    place.write(flow("Former"))
    done(place, name, "create")
    place.write(flow("Latter"))
    assert "Latter is not deployed; --all lists other flows." in done(place, name, "list").said
    note = f"Note: {name} is the flow Former so far; Latter takes its place."
    assert note in done(place, name, "create").said
    assert note not in done(place, name, "create").said


def test_a_run_of_another_flow(kubernetes: Kubernetes, place: Place, name: str) -> None:
    place.write(flow("OneFlow"))
    done(place, name, "create")
    run_id = started(place, name)
    place.write(flow("OtherFlow"))
    there = contents(kubernetes, name)
    for action in ("status", "terminate", "suspend", "unsuspend", "logs"):
        assert reason(place, name, action, run_id) == (
            f"The workflow with the run_id {run_id} belongs to the flow OneFlow, not for the flow OtherFlow."
        )
    assert contents(kubernetes, name) == there


def test_logs_are_found_by_the_name_of_the_step(kubernetes: Kubernetes, place: Place, name: str) -> None:
    place.write(flow("Spoken").replace("self.next(", 'print("hello")\n        self.next('))
    done(place, name, "create")
    done(place, name, "trigger", "--run-id-file", "run")
    run_id = (place.folder / "run").read_text()
    ArgoWorkflows.from_deployment(name, kubernetes).run(run_id).wait(300, every=2)
    logs = done(place, name, "logs", run_id, "--step", "start")
    assert "hello" in logs.out
    assert any(line.startswith(f"start, attempt 0 ({name}-") for line in logs.said)
    assert "No task of _start has begun." in done(place, name, "logs", run_id, "--step", "_start").said
    assert reason(place, name, "logs", run_id, "--lines", "0").startswith("--lines 0 would show nothing")


def test_a_template_that_is_not_ours(kubernetes: Kubernetes, place: Place, name: str) -> None:
    step = {"name": "a", "suspend": {}}
    foreign = {
        "apiVersion": WORKFLOW_TEMPLATE.api_version,
        "kind": WORKFLOW_TEMPLATE.name,
        "metadata": {"name": name},
        "spec": {"entrypoint": "a", "templates": [step]},
    }
    kubernetes.create(foreign)
    place.write(flow())
    there = contents(kubernetes, name)
    for action in ("create", "diff", "trigger", "delete"):
        assert reason(place, name, action).startswith(
            f"An existing non-metaflow workflow with the same name as {name} already exists in Argo Workflows"
        )
    assert contents(kubernetes, name) == there


def test_secrets_are_in_a_secret_alone(kubernetes: Kubernetes, place: Place, name: str) -> None:
    place.write(flow())
    options = ["--notify-on-error", "--notify-slack-webhook-url", "https://hooks.example.com/hunter2"]
    ended = done(place, name, "create", *options)
    assert f"create Secret {name}-secrets" in ended.said
    secret = kubernetes.get(SECRET, f"{name}-secrets")
    assert secret is not None
    assert list(secret["data"]) == ["slack-webhook-url"]
    assert "hunter2" not in json.dumps(kubernetes.get(WORKFLOW_TEMPLATE, name)) + ended.out + ended.err
    changed = done(place, name, "diff", *options[:2], "https://hooks.example.com/hunter3").out
    assert "slack-webhook-url" in changed
    assert "hunter" not in changed
    assert f"delete Secret {name}-secrets" in done(place, name, "create").said


def test_between_stock_metaflow_and_us(kubernetes: Kubernetes, place: Place, name: str) -> None:
    place.write(flow(decorators=SCHEDULE, parameters=PARAMETER))
    stock = by_stock(place)
    settings = {**stock.variables, "METAFLOW_ARGO_WORKFLOWS_USE_SCHEDULES": "true"}
    stock = Place(stock.folder, settings)
    done(stock, name, "create")
    token = kubernetes.get(WORKFLOW_TEMPLATE, name)["metadata"]["annotations"]["metaflow/production_token"]  # type: ignore[index]
    done(stock, name, "trigger", "--alpha", "3", "--run-id-file", "run")
    done(place, name, "terminate", (place.folder / "run").read_text())
    taken = done(place, name, "create")
    assert f"update WorkflowTemplate {name}" in taken.said
    assert f"production:{token}" in taken.said
    assert "nothing has changed" in done(place, name, "create").said
    done(stock, name, "trigger", "--alpha", "4", "--run-id-file", "run")
    run_id = (place.folder / "run").read_text()
    assert done(stock, name, "status", run_id).said[-1] in ("Pending", "Running")
    done(place, name, "terminate", run_id)
    assert name in done(stock, name, "list-workflow-templates").said
    done(stock, name, "create")
    assert f"update WorkflowTemplate {name}" in done(place, name, "create").said
    done(stock, name, "delete")
    assert kubernetes.get(WORKFLOW_TEMPLATE, name) is None
    assert kubernetes.get(CRON_WORKFLOW, name) is None


def test_projects_and_names_before_2_17(kubernetes: Kubernetes, place: Place, name: str) -> None:
    project = name.replace("-", "_")
    place.write(flow("LongFlow", decorators=f'@project(name="{project}", branch="{"b" * 40}")'))
    said = done(place, "", "create").said
    short = f"{project[:7]}"
    [deployed] = [each for each in kubernetes.list(WORKFLOW_TEMPLATE) if _is_of(each, project)]
    new = deployed["metadata"]["name"]
    assert new.startswith(short.replace("_", "")[:4])
    assert len(new) <= 47
    old = f"{project}.test.{'b' * 40}.longflow".replace("_", "")
    assert any(f"different name - {old} without" in line for line in said)
    kubernetes.delete(WORKFLOW_TEMPLATE, new)
    kubernetes.create({**deployed, "metadata": {**_content(deployed["metadata"]), "name": old}})
    try:
        warned = done(place, "", "trigger", "--run-id-file", "run").said
        assert any(f"defaulted to triggering {old}" in line for line in warned)
        run_id = (place.folder / "run").read_text()
        done(place, "", "terminate", run_id)
        kubernetes.delete(WORKFLOW, run_id.removeprefix("argo-"))
        replaced = done(place, "", "create").said
        assert any(f"replaced the previously deployed workflow {old}" in line for line in replaced)
        assert kubernetes.get(WORKFLOW_TEMPLATE, old) is None
        assert kubernetes.get(WORKFLOW_TEMPLATE, new) is not None
        done(place, "", "delete")
        assert kubernetes.get(WORKFLOW_TEMPLATE, new) is None
    finally:
        for left in (old, new):
            kubernetes.delete(WORKFLOW_TEMPLATE, left)


def _is_of(template: dict[str, object], project: str) -> bool:
    annotations = template["metadata"].get("annotations") or {}  # type: ignore[attr-defined]
    return bool(annotations.get("metaflow/project_name") == project)


def _content(metadata: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in metadata.items() if key in ("annotations", "labels", "namespace")}
