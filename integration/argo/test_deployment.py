"""Deploying with real rules: Argo's definitions, Kubernetes' account of fields, the Argo Server's checks."""

from __future__ import annotations

from typing import Any

import pytest

from hera_bridge import ArgoError, ArgoServer, ArgoWorkflows, Client, Kubernetes
from hera_bridge.clients import CRON_WORKFLOW, SECRET, WORKFLOW_TEMPLATE, Object
from hera_bridge.deployment import rehearse, wanted
from hera_bridge.deployment_plan import DeploymentPlan, plan_deployment
from integration.argo.objects import by_stock, cron, secret, stored, template

pytestmark = pytest.mark.argo


def actions(planned: DeploymentPlan) -> list[str]:
    return [f"{change.action} {change.kind}" for change in planned.changes]


def content(client: Client, name: str) -> dict[str, Any]:
    """What is there of a deployment, without the server's own account."""
    found = {}
    for kind in (WORKFLOW_TEMPLATE, CRON_WORKFLOW):
        each = client.get(kind, name)
        if each:
            metadata = {key: each["metadata"].get(key) for key in ("labels", "annotations")}
            found[kind.name] = {"metadata": metadata, "spec": each["spec"]}
    return found


class Failing(Kubernetes):
    """A cluster that takes no CronWorkflow."""

    def create(self, manifest: Object) -> Object:
        if manifest["kind"] == CRON_WORKFLOW.name:
            raise ArgoError("planned")
        return super().create(manifest)


def test_deploying_twice_changes_nothing_and_a_change_is_made(client: Client, name: str) -> None:
    first = plan_deployment(client, [template(name, priority=3), cron(name)])
    first.rehearse()
    assert content(client, name) == {}
    first.apply()
    assert plan_deployment(client, [template(name, priority=3), cron(name)]).is_empty

    planned = plan_deployment(client, [template(name, parallelism=5), cron(name, timezone="UTC")])
    lines = planned.diff().splitlines()
    assert lines[0] == f"update WorkflowTemplate {name}"
    assert sorted(lines[1:3]) == ["  + spec.parallelism: 5", "  - spec.priority: 3"]
    assert lines[3:] == [f"update CronWorkflow {name}", "  ~ spec.timezone: Asia/Tokyo -> UTC"]
    planned.apply()
    spec = stored(client.get(WORKFLOW_TEMPLATE, name))["spec"]
    assert (spec["parallelism"], "priority" in spec) == (5, False)

    planned = plan_deployment(client, [template(name, parallelism=5)])
    assert actions(planned) == ["unchanged WorkflowTemplate", "delete CronWorkflow"]
    planned.apply()
    assert client.get(CRON_WORKFLOW, name) is None
    assert name in [each.name for each in ArgoWorkflows.list("ScriptFlow", client)]
    assert name not in [each.name for each in ArgoWorkflows.list("OtherFlow", client)]
    ArgoWorkflows.from_deployment(name, client).delete()
    assert content(client, name) == {}


def test_secrets_are_deployed_and_removed(kubernetes: Kubernetes, name: str) -> None:
    planned = plan_deployment(kubernetes, [template(name), secret(name, url="b2xk", old="b2xk")])
    planned.apply()
    planned = plan_deployment(kubernetes, [template(name), secret(name, url="bmV3")])
    lines = planned.diff().splitlines()
    assert (lines[0], sorted(lines[1:])) == (f"update Secret {name}", ["  - data.old", "  ~ data.url"])
    planned.apply()
    assert stored(kubernetes.get(SECRET, name))["data"] == {"url": "bmV3"}
    plan_deployment(kubernetes, [template(name)]).apply()
    assert kubernetes.get(SECRET, name) is None


def test_the_argo_server_keeps_no_secrets(argo_server: ArgoServer, name: str) -> None:
    with pytest.raises(ArgoError, match=r"keeps no objects of kind Secret; deploy by Kubernetes' own API"):
        plan_deployment(argo_server, [template(name), secret(name, url="b2xk")])
    assert content(argo_server, name) == {}


def test_one_way_takes_over_from_the_other(
    kubernetes: Kubernetes, argo_server: ArgoServer, name: str
) -> None:
    for client in (argo_server, kubernetes, argo_server, kubernetes):
        plan_deployment(client, [template(name, priority=3), cron(name)]).apply()
        plan_deployment(client, [template(name), cron(name)]).apply()
        assert "priority" not in stored(client.get(WORKFLOW_TEMPLATE, name))["spec"]
        assert plan_deployment(kubernetes, [template(name), cron(name)]).is_empty
        assert plan_deployment(argo_server, [template(name), cron(name)]).is_empty


def test_a_deployment_of_stock_metaflow_is_taken_over_whole(client: Client, name: str) -> None:
    client.create(by_stock(template(name)))
    plan_deployment(client, [template(name)]).apply()
    found = stored(client.get(WORKFLOW_TEMPLATE, name))
    assert "onExit" not in found["spec"]
    assert plan_deployment(client, [template(name)]).is_empty
    stock = by_stock(template(name))
    stock["metadata"]["resourceVersion"] = found["metadata"]["resourceVersion"]
    client.replace(stock)
    assert stored(client.get(WORKFLOW_TEMPLATE, name))["spec"]["onExit"] == "fit"
    plan_deployment(client, [template(name)]).apply()
    assert "onExit" not in stored(client.get(WORKFLOW_TEMPLATE, name))["spec"]


def test_the_status_of_a_schedule_that_is_taken_over_stays(kubernetes: Kubernetes, name: str) -> None:
    kubernetes.create({**cron(name), "metadata": {"name": name}})
    status = {"status": {"lastScheduledTime": "2026-01-01T00:00:00Z", "active": [], "conditions": []}}
    query = {"fieldManager": "workflow-controller"}
    content_type = "application/merge-patch+json"
    kubernetes._ask("patch", CRON_WORKFLOW, name, query, status, content_type)
    plan_deployment(kubernetes, [template(name), cron(name, timezone="UTC")]).apply()
    found = stored(kubernetes.get(CRON_WORKFLOW, name))
    assert found["status"]["lastScheduledTime"] == "2026-01-01T00:00:00Z"
    assert found["spec"]["timezone"] == "UTC"


@pytest.mark.parametrize("earlier", ["nothing", "ours", "stock"])
def test_a_failed_deployment_leaves_everything_as_it_was(
    kubernetes: Kubernetes, name: str, earlier: str
) -> None:
    if earlier == "ours":
        plan_deployment(kubernetes, [template(name, priority=3)]).apply()
    elif earlier == "stock":
        kubernetes.create(by_stock(template(name)))
    before = content(kubernetes, name)
    failing = Failing(kubernetes.namespace)
    with pytest.raises(ArgoError, match=r"planned; all that was changed before has been undone"):
        plan_deployment(failing, [template(name), cron(name)]).apply()
    assert content(kubernetes, name) == before
    plan_deployment(kubernetes, [template(name), cron(name)]).apply()
    spec = stored(kubernetes.get(WORKFLOW_TEMPLATE, name))["spec"]
    assert ("priority" in spec, "onExit" in spec) == (False, False)
    assert plan_deployment(kubernetes, [template(name), cron(name)]).is_empty


def test_a_deployment_that_was_killed_is_finished_by_the_next(kubernetes: Kubernetes, name: str) -> None:
    half = wanted([template(name, priority=3)], kubernetes.namespace).deployed.template
    kubernetes.create(half)  # and there it was killed
    plan_deployment(kubernetes, [template(name), cron(name)]).apply()
    assert "priority" not in stored(kubernetes.get(WORKFLOW_TEMPLATE, name))["spec"]
    assert plan_deployment(kubernetes, [template(name), cron(name)]).is_empty

    kubernetes.delete(WORKFLOW_TEMPLATE, name)
    kubernetes.adopt(kubernetes.create(by_stock(template(name))))  # and there too
    plan_deployment(kubernetes, [template(name), cron(name)]).apply()
    assert "onExit" not in stored(kubernetes.get(WORKFLOW_TEMPLATE, name))["spec"]
    assert plan_deployment(kubernetes, [template(name), cron(name)]).is_empty


def test_two_who_deploy_at_once_do_not_overwrite_each_other(client: Client, name: str) -> None:
    first, second = (plan_deployment(client, [template(name, priority=each)]) for each in (1, 2))
    first.apply()
    with pytest.raises(ArgoError, match=r"exists already.*nothing was changed"):
        second.apply()
    first, second = (plan_deployment(client, [template(name, priority=each)]) for each in (3, 4))
    first.apply()
    with pytest.raises(ArgoError, match="try again; nothing was changed"):
        second.apply()
    assert stored(client.get(WORKFLOW_TEMPLATE, name))["spec"]["priority"] == 3


def test_what_another_tool_applies_is_refused_by_its_name(
    kubernetes: Kubernetes, cluster: Any, name: str
) -> None:
    plan_deployment(kubernetes, [template(name)]).apply()
    spec = {"entrypoint": "fit"}
    kind = {"apiVersion": WORKFLOW_TEMPLATE.api_version, "kind": WORKFLOW_TEMPLATE.name}
    manifest = {**kind, "metadata": {"name": name}, "spec": spec}
    query = {"fieldManager": "argocd-controller", "force": "true"}
    content_type = "application/apply-patch+yaml"
    kubernetes._ask("patch", WORKFLOW_TEMPLATE, name, query, manifest, content_type)
    with pytest.raises(ArgoError, match=r"argocd-controller manages it too, and sets \.spec"):
        plan_deployment(kubernetes, [template(name)]).apply()
    assert stored(kubernetes.get(WORKFLOW_TEMPLATE, name))["spec"]["entrypoint"] == "fit"


@pytest.mark.parametrize("wrong", ["type", "number of templates"])
def test_what_the_definitions_refuse_is_told_and_nothing_changes(
    kubernetes: Kubernetes, name: str, wrong: str
) -> None:
    version = kubernetes.argo_version()
    if version is None or (version < (4, 0) and wrong != "type"):
        pytest.skip("the cluster's definitions do not refuse it: they are minimal, or older than Argo 4.0")
    manifest = template(name)
    if wrong == "type":
        manifest["spec"]["priority"] = "high"
    else:
        manifest["spec"]["templates"] += [{"name": f"t{number}", "suspend": {}} for number in range(200)]
    objects = wanted([secret(name, url="b2xk"), manifest], kubernetes.namespace)
    with pytest.raises(ArgoError, match=r"it is refused: .*spec\.(priority|templates)"):
        rehearse(kubernetes, objects)
    assert content(kubernetes, name) == {}
    assert kubernetes.get(SECRET, name) is None


def test_a_namespace_that_is_not_there_is_told(kubernetes: Kubernetes, name: str) -> None:
    elsewhere = Kubernetes("no-such-namespace")
    with pytest.raises(ArgoError, match='namespaces "no-such-namespace" not found'):
        plan_deployment(elsewhere, [template(name)]).apply()


def test_the_version_is_told(client: Client) -> None:
    version = client.argo_version()
    assert version is None or version >= (3, 6)
