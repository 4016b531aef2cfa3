"""Small objects to deploy: what a bundle would hold, with a shell script for a step."""

from __future__ import annotations

import copy
from typing import Any

from hera_bridge.clients import Object
from integration.harness.cluster.layout import PYTHON_IMAGE

OWNER, TOKEN = "ada", "tests-0-abcd"


def template(name: str, script: str = "true", owner: str = OWNER, retries: int = 0, **spec: Any) -> Object:
    """A WorkflowTemplate of one step that runs a script."""
    labels = {"app.kubernetes.io/part-of": "metaflow", "metaflow.org/template": name}
    annotations = {
        "metaflow/owner": owner,
        "metaflow/production_token": TOKEN,
        "metaflow/flow_name": "ScriptFlow",
    }
    step: dict[str, Any] = {
        "name": "fit",
        "metadata": {"annotations": {"metaflow/step_name": "fit_it"}},
        "container": {
            "image": PYTHON_IMAGE,
            "command": ["sh", "-c", script],
            "ports": [{"containerPort": 80}],
            "resources": {"requests": {"cpu": "0.05"}},
        },
    }
    if retries:
        step["retryStrategy"] = {"limit": retries, "retryPolicy": "Always"}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "WorkflowTemplate",
        "metadata": {"name": name, "labels": labels, "annotations": annotations},
        "spec": {
            "entrypoint": "main",
            "arguments": {"parameters": [{"name": "alpha", "value": "2"}]},
            "workflowMetadata": {"labels": labels, "annotations": annotations},
            "templates": [step, {"name": "main", "dag": {"tasks": [{"name": "fit", "template": "fit"}]}}],
            **spec,
        },
    }


def cron(name: str, **spec: Any) -> Object:
    """A CronWorkflow that starts runs of the template of its name."""
    labels = {"app.kubernetes.io/part-of": "metaflow", "metaflow.org/template": name}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "CronWorkflow",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "schedules": ["0 6 * * *"],
            "timezone": "Asia/Tokyo",
            "workflowSpec": {"workflowTemplateRef": {"name": name}},
            **spec,
        },
    }


def secret(name: str, **data: str) -> Object:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data}


def by_stock(manifest: Object) -> Object:
    """A template as stock Metaflow would leave it: other labels and annotations, and an exit handler."""
    found = copy.deepcopy(manifest)
    found["metadata"]["labels"] = {"app.kubernetes.io/part-of": "metaflow"}
    found["metadata"]["annotations"]["metaflow/dag"] = "{}"
    found["spec"] |= {
        "onExit": "fit",
        "workflowMetadata": {"labels": {"app.kubernetes.io/part-of": "metaflow"}},
    }
    return found


def stored(found: Object | None) -> Object:
    """An object that is there."""
    assert found is not None
    return found
