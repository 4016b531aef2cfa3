"""From a plan to a finished run in Python: by this package alone, and by Hera alone."""

from __future__ import annotations

from typing import Any

import pytest

from hera_bridge import ArgoServer, Bundle, Kubernetes, Run
from hera_bridge.clients import WORKFLOW
from integration.argo.objects import stored
from integration.argo.places import compiled
from integration.harness.cluster.cluster import Cluster
from integration.harness.script import said_by
from tests.flows import Place, flow

pytestmark = [pytest.mark.argo, pytest.mark.conformance]

SECONDS = 240
START = '@environment(vars={"COLOUR": "blue"})'
PARAMETER = 'alpha = Parameter("alpha", type=int, default=2)\n'


@pytest.fixture
def bundle(place: Place, cluster: Cluster, name: str) -> Bundle:
    """The objects of a flow whose code is in the datastore, with an edited step."""
    bundle = compiled(place, name, flow(parameters=PARAMETER, start=START))
    metadata: Any = bundle.step("end").metadata
    metadata.labels = {**(metadata.labels or {}), "team": "fraud"}
    return bundle


def alpha_of(place: Place, run_id: str) -> Any:
    """The artifact of the run's last step, as Metaflow's client reads it."""
    return said_by(
        "from metaflow import Run, namespace\n"
        "namespace(None)\n"
        f"run = Run('TrainFlow/{run_id}')\n"
        "said = [run.successful, run.end_task.data.alpha]",
        place.folder,
        place.env,
    )


def test_a_bundle_is_edited_deployed_and_run(
    kubernetes: Kubernetes, cluster: Cluster, place: Place, bundle: Bundle
) -> None:
    run = bundle.deploy(kubernetes).trigger(alpha=5)
    assert run.wait(SECONDS, every=1) == "SUCCEEDED", run.failure()
    pods = cluster.kubectl.get("pods", f"--namespace={cluster.namespace}", "--selector=team=fraud")
    workflows = [pod["metadata"]["labels"]["workflows.argoproj.io/workflow"] for pod in pods["items"]]
    assert run.name in workflows
    assert alpha_of(place, run.id) == [True, 5]
    assert bundle.plan(kubernetes).is_empty


def test_what_hera_submits_is_an_ordinary_run(
    kubernetes: Kubernetes, argo_server: ArgoServer, place: Place, bundle: Bundle, name: str
) -> None:
    from hera.workflows import Workflow, models

    service = argo_server._service
    bundle.workflow_template.workflows_service = service
    bundle.workflow_template.create()
    workflow = Workflow(
        generate_name=f"{name}-",
        namespace=argo_server.namespace,
        workflow_template_ref=models.WorkflowTemplateRef(name=name),
        arguments={"alpha": 6},
        workflows_service=service,
    )
    created: Any = workflow.create()
    run = Run(kubernetes, stored(kubernetes.get(WORKFLOW, created.metadata.name)))
    assert run.wait(SECONDS, every=1) == "SUCCEEDED", run.failure()
    assert run.flow == "TrainFlow"
    assert alpha_of(place, run.id) == [True, 6]
