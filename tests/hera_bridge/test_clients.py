from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hera_bridge.clients import WORKFLOW_TEMPLATE, ArgoError, Kubernetes
from hera_bridge.clients.managed_fields import adopted, applied_by_others
from hera_bridge.deployment_plan import plan_deployment
from hera_bridge.version import parse_version, refuse_old, version_of_schema
from metaflow_provider.plan import Refusal
from tests.hera_bridge.api_server import CRD, ApiServer, Fault, Stored
from tests.hera_bridge.cluster import client, template


def error_of(server: ApiServer, status: int, message: str, **said: str) -> ArgoError:
    server.fail("GET", "workflowtemplates/train", status, message, after=0, **said)
    with pytest.raises(ArgoError) as caught:
        client().get(WORKFLOW_TEMPLATE, "train")
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_missing_permission_is_named(server: ApiServer) -> None:
    message = (
        'workflowtemplates.argoproj.io "train" is forbidden: User "ada" cannot get resource '
        '"workflowtemplates" in API group "argoproj.io" in the namespace "default"'
    )
    error = error_of(server, 403, message, reason="Forbidden")
    assert error.code == "Forbidden"
    assert (
        "the credentials in use need a role with the verb get on workflowtemplates.argoproj.io in namespace "
        f"default of {server.url}"
    ) in str(error)


def test_an_expired_token_is_told(server: ApiServer) -> None:
    assert "have expired; log in again" in str(error_of(server, 401, "Unauthorized"))


def test_other_answers_are_one_line_too(server: ApiServer) -> None:
    assert "the server says: boom (HTTP 500)" in str(error_of(server, 500, "boom"))
    assert "larger than the cluster takes" in str(error_of(server, 500, "etcdserver: request is too large"))


def test_a_busy_server_is_asked_again_and_not_for_ever(server: ApiServer) -> None:
    server.put("workflowtemplates", template())
    for _ in range(2):
        server.fail("GET", "workflowtemplates/train", 429, "slow down")
    assert client().get(WORKFLOW_TEMPLATE, "train") is not None
    server.faults.append(Fault("GET", "workflowtemplates/train", 503, b"", times=99))
    with pytest.raises(ArgoError, match=r"the server is busy.*try again in a few minutes"):
        client().get(WORKFLOW_TEMPLATE, "train")


def test_a_cluster_without_argo_is_told_apart_from_a_missing_object(server: ApiServer) -> None:
    assert client().get(WORKFLOW_TEMPLATE, "train") is None
    server.has_argo = False
    with pytest.raises(
        ArgoError, match=r"Argo Workflows is not installed in the cluster of namespace default"
    ):
        client().get(WORKFLOW_TEMPLATE, "train")


def test_no_cluster_is_one_line(server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ArgoError, match=r"no cluster is configured.*wrong-one.*get-contexts"):
        Kubernetes(context="wrong-one").get(WORKFLOW_TEMPLATE, "train")
    config = json.loads((tmp_path / "kubeconfig").read_text())
    config["clusters"][0]["cluster"]["server"] = "http://127.0.0.1:1"
    (tmp_path / "elsewhere").write_text(json.dumps(config))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "elsewhere"))
    with pytest.raises(ArgoError, match=r"the cluster cannot be reached.*check the network") as caught:
        plan_deployment(client(), [template()])
    assert "\n" not in str(caught.value)
    (tmp_path / "broken").write_text("{ a: [")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "broken"))
    with pytest.raises(ArgoError, match=r"no cluster is configured \(while parsing"):
        client().get(WORKFLOW_TEMPLATE, "train")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "nothing"))
    with pytest.raises(ArgoError, match=r"no cluster is configured"):
        client().get(WORKFLOW_TEMPLATE, "train")


def test_the_token_of_the_kubeconfig_is_sent(server: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METAFLOW_KUBERNETES_NAMESPACE", "jobs")
    assert Kubernetes().get(WORKFLOW_TEMPLATE, "train") is None
    assert server.asked[-1][1].startswith(
        "/apis/argoproj.io/v1alpha1/namespaces/jobs/workflowtemplates/train"
    )


def test_a_list_whose_pages_expire_is_begun_again(server: ApiServer) -> None:
    for name in "abcde":
        server.put("workflowtemplates", {"kind": "WorkflowTemplate", "metadata": {"name": name}})
    server.fail("GET", "continue=2", 410, "too old", reason="Expired")
    assert [each["metadata"]["name"] for each in client().list(WORKFLOW_TEMPLATE)] == list("abcde")


@pytest.mark.parametrize(
    ("fields", "version"),
    [
        ({"schedule": {}}, (3, 5)),
        ({"schedule": {}, "schedules": {}}, (3, 6)),
        ({"schedules": {}}, (4, 0)),
        ({}, None),
    ],
)
def test_the_schema_tells_the_version(fields: dict[str, object], version: tuple[int, int] | None) -> None:
    schema = {"properties": {"spec": {"properties": fields}}}
    assert version_of_schema({"spec": {"versions": [{"schema": {"openAPIV3Schema": schema}}]}}) == version


def test_an_old_argo_is_refused_before_anything_else(server: ApiServer) -> None:
    schema: dict[str, object] = {"properties": {"spec": {"properties": {"schedule": {}}}}}
    body = json.dumps({"spec": {"versions": [{"schema": {"openAPIV3Schema": schema}}]}}).encode()
    server.faults.append(Fault("GET", CRD, 200, body))
    with pytest.raises(
        Refusal, match=r"Argo Workflows 3.5 in namespace default of .* is too old; upgrade it"
    ):
        plan_deployment(client(), [template()])
    assert server.objects == {}
    refuse_old((3, 6), "here")
    refuse_old(None, "here")


def test_who_may_not_read_definitions_can_deploy(server: ApiServer) -> None:
    server.fail("GET", CRD, 403, "no", reason="Forbidden")
    assert client().argo_version() is None


def test_versions_are_read() -> None:
    assert [parse_version(text) for text in ("v3.7.14", "4.0.2+abc", "latest+d34db33f")] == [
        (3, 7, 14),
        (4, 0, 2),
        None,
    ]


def test_taking_over_leaves_status_and_other_tools_alone() -> None:
    def entry(manager: str, operation: str, field: str, **rest: str) -> dict[str, Any]:
        return {"manager": manager, "operation": operation, "fieldsV1": {"f:spec": {field: {}}}, **rest}

    entries: list[dict[str, Any]] = [
        entry("stock", "Update", "f:a"),
        entry("metaflow-orchestrators", "Apply", "f:b"),
        entry("flux", "Apply", "f:c"),
        entry("controller", "Update", "f:d", subresource="status"),
        {"manager": "cron-controller", "operation": "Update", "fieldsV1": {"f:status": {"f:e": {}}}},
    ]
    account = {each["manager"]: each["fieldsV1"] for each in adopted(entries)}
    assert account == {
        "metaflow-orchestrators": {"f:spec": {"f:a": {}, "f:b": {}}},
        "flux": {"f:spec": {"f:c": {}}},
        "controller": {"f:spec": {"f:d": {}}},
        "cron-controller": {"f:status": {"f:e": {}}},
    }
    assert applied_by_others({"metadata": {"managedFields": entries}}) == ["flux"]


def test_whether_a_cluster_has_jobsets(server: ApiServer) -> None:
    assert client().serves("jobset.x-k8s.io/v1alpha2") is False
    server.objects["/apis/jobset.x-k8s.io/v1alpha2"] = Stored({"metadata": {}})
    assert client().serves("jobset.x-k8s.io/v1alpha2") is True
    server.fail("GET", "/apis/jobset", 401, "no")
    with pytest.raises(ArgoError, match="credentials are not valid"):
        client().serves("jobset.x-k8s.io/v1alpha2")
