"""What Hera and kubectl deploy from the same objects, without this package's clients."""

from __future__ import annotations

from pathlib import Path

import pytest

from hera_bridge import ArgoServer, ArgoWorkflows, Kubernetes
from hera_bridge.clients import CRON_WORKFLOW, WORKFLOW_TEMPLATE, write_objects
from hera_bridge.deployment_plan import plan_deployment
from integration.argo.objects import cron, template
from integration.argo.test_definitions import flow
from integration.harness.cluster.cluster import Cluster
from tests.shapes import SHAPES

pytestmark = [pytest.mark.argo, pytest.mark.conformance]


def test_a_template_that_hera_creates_is_a_deployment_and_is_taken_over(
    kubernetes: Kubernetes, cluster: Cluster, name: str
) -> None:
    from hera.workflows import WorkflowsService

    compiled = flow(kubernetes, name, *SHAPES["switch_into_foreach_join"])
    service = WorkflowsService(host=cluster.argo_server, verify_ssl=False, token="Bearer none")
    compiled.bundle.workflow_template.workflows_service = service
    compiled.bundle.workflow_template.create()
    assert ArgoWorkflows.from_deployment(name, kubernetes).flow == compiled.flow.flow
    compiled.plan().apply()
    assert compiled.plan().is_empty
    assert (
        flow(ArgoServer(service, cluster.namespace), name, *SHAPES["switch_into_foreach_join"])
        .plan()
        .is_empty
    )


def test_a_folder_is_applied_by_kustomize_and_is_a_deployment(
    kubernetes: Kubernetes, cluster: Cluster, name: str, tmp_path: Path
) -> None:
    write_objects([template(name), cron(name)], tmp_path)
    cluster.kubectl.run("apply", f"--namespace={cluster.namespace}", "--kustomize", str(tmp_path))
    deployment = ArgoWorkflows.from_deployment(name, kubernetes)
    run = deployment.trigger(alpha=3)
    assert [each.id for each in deployment.runs()] == [run.id]
    plan_deployment(kubernetes, [template(name)]).apply()
    assert kubernetes.get(CRON_WORKFLOW, name) is None
    assert kubernetes.get(WORKFLOW_TEMPLATE, name) is not None
