"""`Deployer(FILE).argo_workflows()` as far as it goes without a cluster."""

from __future__ import annotations

from integration.harness.script import said_by
from tests.flows import Place, flow

HEAD = "from metaflow import DeployedFlow, Deployer\n\n"


def test_the_template_of_a_flow(place: Place) -> None:
    place.write(flow("My_Train"))
    said = said_by(
        HEAD
        + """
deployer = Deployer("train.py", pylint=False, show_output=False).argo_workflows(name="mine")
deployed = deployer.create(only_json=True, tags=["a:b"], workflow_priority=3)
found = deployed.workflow_template
said = [deployed.name, deployed.flow_name, deployed.id, found["kind"], found["metadata"]["name"]]
said += [found["spec"]["priority"], found["metadata"]["annotations"]["metaflow/tags"]]
""",
        place.folder,
        place.env,
    )
    assert said == ["mine", "My_Train", "mine", "WorkflowTemplate", "mine", 3, '["a:b"]']


def test_every_way_in_is_ours(place: Place) -> None:
    place.write(flow())
    said = said_by(
        HEAD
        + """
from metaflow.plugins import DEPLOYER_IMPL_PROVIDERS

[ours] = [found for found in DEPLOYER_IMPL_PROVIDERS if found.TYPE == "argo-workflows"]
said = [ours.__module__, ours.deployed_flow_type().__module__]
for name in ("from_argo_workflows", "list_argo_workflows", "get_triggered_argo_workflows_run"):
    said += [callable(getattr(DeployedFlow, name))]
try:
    DeployedFlow.from_deployment("train")
except Exception as error:
    said += [str(error)]
try:
    Deployer("train.py", pylint=False).argo_workflows().create()
except RuntimeError as error:
    said += [str(error)]
""",
        place.folder,
        place.env,
    )
    package = "metaflow_extensions.orchestrators.plugins.argo_workflows."
    assert said[:5] == [
        f"{package}argo_workflows_deployer",
        f"{package}argo_workflows_deployer_objects",
        *[True] * 3,
    ]
    assert said[5].startswith("no cluster is configured")
    assert "to argo-workflows: no cluster is configured" in said[6]
