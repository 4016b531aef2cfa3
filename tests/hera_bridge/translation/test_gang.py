"""What @parallel becomes: a JobSet, or an Indexed Job with a Service."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from hera_bridge import Bundle, Settings, Translator, translate
from metaflow_provider.plan.model import Retry
from tests.hera_bridge.translation.plans import argo_plan, on_kubernetes
from tests.metaflow_provider.plans import step
from tests.shapes import SHAPES

STEPS = SHAPES["gang"]


def bundle(jobset: str = "jobset.x-k8s.io/v1alpha2", **attributes: Any) -> Bundle:
    flow = argo_plan(*STEPS)
    steps = (on_kubernetes(each, **attributes) if each.name == "train" else each for each in flow.steps)
    return translate(Translator(replace(flow, steps=tuple(steps)), Settings(jobset=jobset)))


def templates(found: Bundle) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in found.objects()[0]["spec"]["templates"]}


def manifest(template: dict[str, Any]) -> dict[str, Any]:
    """The manifest as Kubernetes gets it for a gang of three."""
    text = template["resource"]["manifest"].replace("{{inputs.parameters.nodes}}", "3")
    found: dict[str, Any] = json.loads(text)
    return found


def variables(job: dict[str, Any]) -> dict[str, Any]:
    [container] = job["template"]["spec"]["containers"]
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container["env"]}


def test_a_jobset_has_a_pod_for_each_node() -> None:
    found = manifest(templates(bundle())["train"])
    assert (found["apiVersion"], found["kind"]) == ("jobset.x-k8s.io/v1alpha2", "JobSet")
    [replicated] = found["spec"]["replicatedJobs"]
    job = replicated["template"]["spec"]
    assert (job["completions"], job["parallelism"], job["completionMode"]) == (3, 3, "Indexed")
    values = variables(job)
    assert values["MF_WORLD_SIZE"] == "3"
    name = "$(METAFLOW_KUBERNETES_JOBSET_NAME)"
    assert values["MF_MASTER_ADDR"] == f"{name}-node-0-0.{name}"
    order = list(values)
    assert order.index("METAFLOW_KUBERNETES_JOBSET_NAME") < order.index("MF_MASTER_ADDR")


def test_an_indexed_job_stands_in_for_a_jobset() -> None:
    found = templates(bundle(jobset=""))
    assert [call["template"] for [call] in found["train"]["steps"]] == ["gang-service", "train--nodes"]
    service = json.loads(found["gang-service"]["resource"]["manifest"])
    job = manifest(found["train--nodes"])
    pod = job["spec"]["template"]
    assert pod["spec"]["subdomain"] == service["metadata"]["name"]
    assert pod["metadata"]["labels"].items() >= service["spec"]["selector"].items()
    order = list(variables(job["spec"]))
    assert order.index("METAFLOW_ORCHESTRATORS_JOB") < order.index("MF_MASTER_ADDR")
    assert bundle(jobset="").check() == []


@pytest.mark.parametrize("jobset", ["jobset.x-k8s.io/v1alpha2", ""])
def test_the_pods_of_a_gang_have_everything_themselves(jobset: str) -> None:
    found = bundle(jobset, node_selector={"pool": "gpu"}, image_pull_secrets=["regcred"], port=9000)
    template = templates(found)["train" if jobset else "train--nodes"]
    data = manifest(template)["spec"]
    job = data["replicatedJobs"][0]["template"]["spec"] if jobset else data
    pod = job["template"]["spec"]
    assert (
        pod.items()
        >= {
            "restartPolicy": "Never",
            "serviceAccountName": "metaflow",
            "nodeSelector": {"pool": "gpu"},
            "imagePullSecrets": [{"name": "regcred"}],
            "activeDeadlineSeconds": 432_000,
        }.items()
    )
    [container] = pod["containers"]
    assert container["image"] == "python:3.11"
    assert container["command"][0] == "bash"
    values = variables(job)
    assert (values["METAFLOW_STEP_NAME"], values["MF_MASTER_PORT"]) == ("train", "9000")
    request = json.loads(values["METAFLOW_ORCHESTRATORS_REQUEST"])
    assert request["worker_suffix"] == "-worker-{worker}"
    assert template["metadata"]["annotations"]["metaflow/step_name"] == "train"
    marks = job["template"]["metadata"]
    assert marks["annotations"]["metaflow/run_id"] == "argo-{{workflow.name}}"
    assert (
        marks["labels"].items()
        >= {
            "app.kubernetes.io/part-of": "metaflow",
            "metaflow.org/workflow": "{{workflow.name}}",
        }.items()
    )
    assert manifest(template)["metadata"]["labels"]["metaflow.org/workflow"] == "{{workflow.name}}"


def test_a_gang_is_tried_again_as_a_whole() -> None:
    steps = (replace(each, retry=Retry(2)) if each.name == "train" else each for each in STEPS)
    found = translate(Translator(argo_plan(*steps), Settings()))
    assert templates(found)["train"]["retryStrategy"] == {"limit": 2, "retryPolicy": "Always"}
    assert "retryStrategy" not in templates(bundle())["train"]


def test_a_gang_in_a_foreach_gets_its_index() -> None:
    steps = (
        step("start", "launch", kind="foreach"),
        step("launch", "train", kind="foreach", gang_split=True),
        step("train", "gather"),
        step("gather", "join", kind="join"),
        step("join", "end", kind="join"),
        step("end"),
    )
    for jobset in ("jobset.x-k8s.io/v1alpha2", ""):
        found = translate(Translator(argo_plan(*steps), Settings(jobset=jobset)))
        assert found.check() == []
        template = templates(found)["train" if jobset else "train--nodes"]
        assert "t{{inputs.parameters.index}}" in template["resource"]["manifest"]
        assert [each["name"] for each in template["inputs"]["parameters"]] == ["index", "nodes"]
