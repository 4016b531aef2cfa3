"""What `argo lint --offline` says of the objects: Argo's own rules, without a cluster's."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from hera_bridge import Bundle, Kubernetes
from integration.argo.test_definitions import flow, rows
from integration.harness.cluster.cluster import Cluster
from metaflow_provider.plan import Step
from tests.core.grammar import FLOWS, Flow
from tests.hera_bridge.translation.plans import plan_of
from tests.shapes import SHAPES

pytestmark = pytest.mark.argo

GRAPHS = {**SHAPES, "ten rows of fifty": rows()}


def lint(cluster: Cluster, bundle: Bundle, folder: Path) -> str:
    """Everything that the command says of a bundle's objects; empty when they are as they should be."""
    files = [str(file) for file in bundle.write(folder) if file.name != "kustomization.yaml"]
    done = subprocess.run([cluster.argo, "lint", "--offline", *files], capture_output=True, text=True)
    said = done.stdout + done.stderr
    return said if done.returncode or "no linting errors found" not in said else ""


@pytest.mark.parametrize("shape", GRAPHS)
def test_every_kind_of_graph_passes(
    cluster: Cluster, kubernetes: Kubernetes, tmp_path: Path, shape: str
) -> None:
    steps: list[Step] = list(GRAPHS[shape])
    assert lint(cluster, flow(kubernetes, "train", *steps).bundle, tmp_path) == ""


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(FLOWS)
def test_any_graph_passes(cluster: Cluster, kubernetes: Kubernetes, tmp_path: Path, graph: Flow) -> None:
    steps = plan_of(graph).steps
    assert lint(cluster, flow(kubernetes, "train", *steps).bundle, tmp_path) == ""


def test_a_mistake_is_told(cluster: Cluster, kubernetes: Kubernetes, tmp_path: Path) -> None:
    bundle = flow(kubernetes, "train", *SHAPES["linear"]).bundle
    bundle.workflow_template.entrypoint = "nothing"
    assert "nothing" in lint(cluster, bundle, tmp_path)
