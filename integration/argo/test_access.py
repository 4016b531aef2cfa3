"""Credentials that may too little, have expired, or lead nowhere: one line each, and nothing has changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hera_bridge import ArgoError, Kubernetes
from hera_bridge.clients import CRON_WORKFLOW, WORKFLOW_TEMPLATE
from hera_bridge.deployment_plan import plan_deployment
from integration.argo.objects import cron, template
from integration.harness.cluster.cluster import Cluster

pytestmark = pytest.mark.argo

RBAC = "rbac.authorization.k8s.io"


@pytest.fixture
def config(cluster: Cluster, kubernetes: Kubernetes) -> dict[str, Any]:
    """The administrator's kubeconfig."""
    found: dict[str, Any] = json.loads(
        cluster.kubectl.run("config", "view", "--raw", "--minify", "--output=json")
    )
    return found


@pytest.fixture
def token(cluster: Cluster, name: str) -> Iterator[str]:
    """Of somebody who may do everything with templates, and look at schedules."""
    metadata = {"name": name, "namespace": cluster.namespace}
    rules = [
        {"apiGroups": ["argoproj.io"], "resources": ["workflowtemplates"], "verbs": ["*"]},
        {"apiGroups": ["argoproj.io"], "resources": ["cronworkflows"], "verbs": ["get", "list"]},
    ]
    role = {"apiGroup": RBAC, "kind": "Role", "name": name}
    subject = {"kind": "ServiceAccount", "name": name, "namespace": cluster.namespace}
    made = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": metadata, "rules": rules},
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": role,
            "subjects": [subject],
        },
    ]
    cluster.kubectl.apply(made)
    yield cluster.kubectl.run("create", "token", name).strip()
    cluster.kubectl.run("delete", "serviceaccount,role,rolebinding", name)


def configured(
    config: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch, **user: str
) -> Kubernetes:
    """The cluster as another user."""
    changed = {**config, "users": [{"name": config["users"][0]["name"], "user": user}]}
    file = folder / "kubeconfig"
    file.write_text(json.dumps(changed))
    monkeypatch.setenv("KUBECONFIG", str(file))
    return Kubernetes("default")


def test_a_missing_permission_is_named_before_anything_changes(
    kubernetes: Kubernetes,
    config: dict[str, Any],
    token: str,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limited = configured(config, tmp_path, monkeypatch, token=token)
    plan_deployment(limited, [template(name)]).apply()
    assert plan_deployment(limited, [template(name)]).is_empty
    planned = plan_deployment(limited, [template(name, parallelism=5), cron(name)])
    with pytest.raises(ArgoError, match=r"need a role with the verb patch on cronworkflows\.argoproj\.io in"):
        planned.apply()
    assert "parallelism" not in (kubernetes.get(WORKFLOW_TEMPLATE, name) or {})["spec"]
    assert kubernetes.get(CRON_WORKFLOW, name) is None


def test_an_expired_token_is_told(
    kubernetes: Kubernetes,
    config: dict[str, Any],
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stranger = configured(config, tmp_path, monkeypatch, token="of-yesterday")
    with pytest.raises(ArgoError, match=r"the credentials are not valid, or have expired; log in again"):
        plan_deployment(stranger, [template(name)])


def test_a_context_that_is_not_there_is_told(kubernetes: Kubernetes, name: str) -> None:
    with pytest.raises(ArgoError, match=r"no cluster is configured \(.*no-such-context"):
        plan_deployment(Kubernetes("default", "no-such-context"), [template(name)])
