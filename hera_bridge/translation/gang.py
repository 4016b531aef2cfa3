"""`@parallel`: a gang of pods as one task, by a template that creates an object and waits for its end.

A JobSet where that is installed, else an Indexed Job, whose pods find each other by a headless Service of the
run. The object's manifest is a text, to which `templateDefaults` do not reach: it says everything itself.
https://jobset.sigs.k8s.io/docs/overview/
https://kubernetes.io/docs/concepts/workloads/controllers/job/#completion-mode
"""

from __future__ import annotations

import json
from typing import Any

from hera.workflows import models
from hera.workflows.models.io.k8s.apimachinery.pkg.util.intstr import IntOrString

from metaflow_provider.plan import Step

from ..settings import Settings
from .attributes import listed
from .environment import JOB
from .labels import RUN_LABEL
from .names import GANG_SERVICE

NODES_INPUT = "nodes"

_NODES = "{{inputs.parameters.nodes}}"
# Stands for the number of nodes until the manifest is a text: there it has to be a number, without quotes.
_NODES_PLACE = "nodes-of-the-gang"
_SERVICE = "gang-{{workflow.uid}}"
_JOBSET = "METAFLOW_KUBERNETES_JOBSET_NAME"
_SERVICE_LABEL = "metaflow.org/run-uid"
# Fields of a template that are a pod's.
_POD_FIELDS = (
    "activeDeadlineSeconds",
    "affinity",
    "hostAliases",
    "nodeSelector",
    "priorityClassName",
    "schedulerName",
    "serviceAccountName",
    "tolerations",
    "volumes",
)
_KEPT_SECONDS = 7 * 24 * 60 * 60


def gang_templates(
    step: Step, pod: models.Template, settings: Settings, common: models.Metadata, own_name: str
) -> list[models.Template]:
    """The templates of a gang, the one that its task calls first.

    Args:
        step: the gang's step.
        pod: template of one node's pod.
        settings: whether there are JobSets.
        common: labels and annotations of every pod of the run, which Argo gives to its own pods alone.
        own_name: name for a further template.
    """
    retries = step.retry.engine_retries
    job = _job(step, pod, common)
    if settings.jobset:
        manifest = _jobset(pod, settings, job)
        return [_creating(pod, manifest, retries, "status.terminalState == {}", ("Completed", "Failed"))]
    manifest = _indexed_job(pod, job)
    nodes = _creating(pod, manifest, retries, "status.{}", (f"succeeded == {_NODES}", "failed > 0"))
    nodes.name = own_name
    inputs = [each.name for each in (nodes.inputs and nodes.inputs.parameters) or []]
    arguments = [models.Parameter(name=name, value=f"{{{{inputs.parameters.{name}}}}}") for name in inputs]
    calls = [
        models.WorkflowStep(name="service", template=GANG_SERVICE),
        models.WorkflowStep(
            name="nodes", template=own_name, arguments=models.Arguments(parameters=arguments)
        ),
    ]
    return [
        models.Template(
            name=pod.name, inputs=nodes.inputs, steps=[models.ParallelSteps(root=[call]) for call in calls]
        ),
        nodes,
    ]


def service_template() -> models.Template:
    """Makes the Service of a run's gangs, unless it is there; it ends with the run."""
    manifest = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": _SERVICE},
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": {_SERVICE_LABEL: "{{workflow.uid}}"},
        },
    }
    return models.Template(
        name=GANG_SERVICE,
        retry_strategy=models.RetryStrategy(limit=IntOrString(root=3), retry_policy="Always"),
        resource=models.ResourceTemplate(
            action="apply", manifest=json.dumps(manifest), set_owner_reference=True
        ),
    )


def _creating(
    pod: models.Template, manifest: dict[str, Any], retries: int, condition: str, ends: tuple[str, str]
) -> models.Template:
    text = json.dumps(manifest, separators=(",", ":")).replace(f'"{_NODES_PLACE}"', _NODES)
    parameters = [*((pod.inputs and pod.inputs.parameters) or []), models.Parameter(name=NODES_INPUT)]
    backoff = pod.retry_strategy.backoff if pod.retry_strategy else None
    strategy = models.RetryStrategy(limit=IntOrString(root=retries), retry_policy="Always", backoff=backoff)
    succeeded, failed = ends
    return models.Template(
        name=pod.name,
        inputs=models.Inputs(parameters=parameters),
        metadata=pod.metadata,
        service_account_name=pod.service_account_name,
        retry_strategy=strategy if retries else None,
        resource=models.ResourceTemplate(
            action="create",
            manifest=text,
            set_owner_reference=True,
            success_condition=condition.format(succeeded),
            failure_condition=condition.format(failed),
        ),
    )


def _jobset(pod: models.Template, settings: Settings, job: dict[str, Any]) -> dict[str, Any]:
    name = f"$({_JOBSET})"
    job["template"]["spec"]["containers"][0]["env"] += [
        _field(_JOBSET, "metadata.labels['jobset.sigs.k8s.io/jobset-name']"),
        {"name": "MF_MASTER_ADDR", "value": f"{name}-node-0-0.{name}"},
    ]
    spec = {
        "ttlSecondsAfterFinished": _KEPT_SECONDS,
        "failurePolicy": {"maxRestarts": 0},
        "network": {"enableDNSHostnames": True},
        "replicatedJobs": [{"name": "node", "replicas": 1, "template": {"spec": job}}],
    }
    return {
        "apiVersion": settings.jobset,
        "kind": "JobSet",
        "metadata": _object_metadata(pod, job),
        "spec": spec,
    }


def _indexed_job(pod: models.Template, job: dict[str, Any]) -> dict[str, Any]:
    address = {"name": "MF_MASTER_ADDR", "value": f"$({JOB})-0.{_SERVICE}"}
    job["template"]["spec"]["containers"][0]["env"].append(address)
    job["ttlSecondsAfterFinished"] = _KEPT_SECONDS
    job["template"]["spec"]["subdomain"] = _SERVICE
    job["template"]["metadata"]["labels"][_SERVICE_LABEL] = "{{workflow.uid}}"
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": _object_metadata(pod, job),
        "spec": job,
    }


def _object_metadata(pod: models.Template, job: dict[str, Any]) -> dict[str, Any]:
    """A name for each try, and labels by which the gangs of a run are found."""
    labels = {
        name: text for name, text in job["template"]["metadata"]["labels"].items() if name != _SERVICE_LABEL
    }
    return {"generateName": f"{str(pod.name)[:40].lower()}-", "labels": labels}


def _job(step: Step, pod: models.Template, common: models.Metadata) -> dict[str, Any]:
    """An Indexed Job's spec, which has a pod for each node."""
    data = pod.model_dump(exclude_none=True, by_alias=True, mode="json")
    container = {**data["container"], "name": "main"}
    own: list[dict[str, Any]] = [
        _field(JOB, "metadata.labels['job-name']"),
        _field(
            "METAFLOW_ORCHESTRATORS_NODE", "metadata.annotations['batch.kubernetes.io/job-completion-index']"
        ),
        {"name": "MF_WORLD_SIZE", "value": _NODES},
    ]
    if step.compute.attributes.get("port"):
        own.append({"name": "MF_MASTER_PORT", "value": str(step.compute.attributes["port"])})
    replaced = {variable["name"] for variable in own}
    container["env"] = [each for each in container["env"] if each["name"] not in replaced] + own
    spec: dict[str, Any] = {
        "restartPolicy": "Never",
        "containers": [container],
        "imagePullSecrets": [
            {"name": name} for name in listed(step.compute.attributes.get("image_pull_secrets"))
        ],
        **{name: data[name] for name in _POD_FIELDS if name in data},
    }
    own_metadata = data["metadata"]
    annotations = {**(common.annotations or {}), **own_metadata.get("annotations", {})}
    annotations.pop("metaflow/attempt", None)
    labels = {**own_metadata.get("labels", {}), **(common.labels or {}), RUN_LABEL: "{{workflow.name}}"}
    metadata = {"annotations": annotations, "labels": labels}
    return {
        "completionMode": "Indexed",
        "completions": _NODES_PLACE,
        "parallelism": _NODES_PLACE,
        "backoffLimit": 0,
        "template": {"metadata": metadata, "spec": {name: value for name, value in spec.items() if value}},
    }


def _field(name: str, path: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
