"""Ways to the cluster; objects of a test are removed after it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from hera_bridge import ArgoServer, Kubernetes
from hera_bridge.clients import CRON_WORKFLOW, SECRET, WORKFLOW, WORKFLOW_TEMPLATE, Client
from integration.argo.receiver import Receiver, running_receiver
from integration.harness.cluster.cluster import Cluster
from tests.flows import Place


@pytest.fixture
def kubernetes(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kubernetes]:
    """The cluster by Kubernetes' API, as the administrator."""
    for name, value in cluster.env.items():
        monkeypatch.setenv(name, value)
    with cluster.inside():
        administrator = Kubernetes(cluster.namespace)
        administrator.argo_version()  # from now on it is connected, whatever a test sets KUBECONFIG to
        yield administrator


@pytest.fixture
def argo_server(cluster: Cluster, kubernetes: Kubernetes) -> ArgoServer:
    """The cluster by its Argo Server."""
    from hera.workflows import WorkflowsService

    service = WorkflowsService(host=cluster.argo_server, verify_ssl=False, token="Bearer none")
    return ArgoServer(service, cluster.namespace)


@pytest.fixture(params=["kubernetes", "argo_server"])
def client(request: pytest.FixtureRequest) -> Client:
    """The cluster, each way."""
    client: Client = request.getfixturevalue(request.param)
    return client


@pytest.fixture
def name(kubernetes: Kubernetes) -> Iterator[str]:
    """A name that nothing in the cluster has."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    yield name
    for kind in (CRON_WORKFLOW, WORKFLOW, SECRET, WORKFLOW_TEMPLATE):
        for each in kubernetes.list(kind):
            if each["metadata"]["name"].startswith(name):
                kubernetes.delete(kind, each["metadata"]["name"])


@pytest.fixture
def receiver(cluster: Cluster, name: str) -> Iterator[Receiver]:
    """A pod that takes messages."""
    with running_receiver(cluster, f"{name}-receiver") as receiver:
        yield receiver


@pytest.fixture
def place(cluster: Cluster, kubernetes: Kubernetes, tmp_path: Path) -> Place:
    """A folder of flows, whose commands deploy to the cluster."""
    return Place(tmp_path, {**cluster.env, "METAFLOW_HOME": str(tmp_path / "home")})
