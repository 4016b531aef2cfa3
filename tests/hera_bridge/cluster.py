"""A stand-in cluster with a flow to deploy there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hera_bridge.clients import Kubernetes, Object
from metaflow_provider.deployment import Change
from tests.hera_bridge.api_server import ApiServer, api_server

LABELS = {"app.kubernetes.io/part-of": "metaflow", "metaflow.org/template": "train"}


@contextmanager
def cluster(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    """A stand-in that KUBECONFIG points to, and nothing of this machine's own settings."""
    with api_server() as server:
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "clusters": [{"name": "here", "cluster": {"server": server.url}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "ada"}}],
            "users": [{"name": "ada", "user": {"token": "a-token"}}],
        }
        file = folder / "kubeconfig"
        file.write_text(json.dumps(config))
        monkeypatch.setenv("KUBECONFIG", str(file))
        monkeypatch.setattr("hera_bridge.clients.connection._WAITS", (0.0, 0.0))
        yield server


def client() -> Kubernetes:
    return Kubernetes("default")


def template(owner: str = "ada", token: str = "train-0-abcd", **spec: Any) -> Object:
    """A WorkflowTemplate as a bundle has it."""
    parameters = {
        "alpha": {"name": "alpha", "type": "int", "is_required": False, "value": "2"},
        "data": {"name": "data", "type": "JSON", "is_required": False, "value": "null"},
    }
    annotations = {
        "metaflow/owner": owner,
        "metaflow/production_token": token,
        "metaflow/flow_name": "TrainFlow",
        "metaflow/parameters": json.dumps(parameters),
    }
    arguments = {"parameters": [{"name": name, "value": each["value"]} for name, each in parameters.items()]}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "WorkflowTemplate",
        "metadata": {"name": "train", "labels": LABELS, "annotations": annotations},
        "spec": {
            "entrypoint": "TrainFlow",
            "arguments": arguments,
            "workflowMetadata": {"labels": LABELS},
            "templates": [
                {"name": "TrainFlow", "dag": {"tasks": [{"name": "start", "template": "start"}]}},
                {"name": "start", "container": {"image": "python:3.11"}},
            ],
            **spec,
        },
    }


def cron(name: str = "train", **spec: Any) -> Object:
    """A CronWorkflow as a bundle has it."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "CronWorkflow",
        "metadata": {"name": name, "labels": LABELS},
        "spec": {
            "schedules": ["0 6 * * *"],
            "timezone": "Asia/Tokyo",
            "workflowSpec": {"workflowTemplateRef": {"name": "train"}},
            **spec,
        },
    }


def secret(name: str = "train-slack", **data: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "data": data or {"url": "c2VjcmV0"},
    }


def stock_template(**spec: Any) -> Object:
    """What stock Metaflow leaves."""
    found = template("bob", "train-3-zzzz", onExit="start", **spec)
    found["metadata"]["annotations"]["metaflow/dag"] = "{}"
    found["metadata"]["labels"] = {"app.kubernetes.io/part-of": "metaflow"}
    found["spec"]["workflowMetadata"] = {"labels": {"app.kubernetes.io/part-of": "metaflow"}}
    return found


def stock_cron() -> Object:
    """What stock Metaflow leaves of a schedule, or of one that is gone."""
    found = cron(suspend=True, schedules=None, schedule="")
    del found["metadata"]["labels"]
    return found


def actions(changes: tuple[Change[Any], ...]) -> list[tuple[str, str, str]]:
    return [(change.action, change.kind, change.name) for change in changes]
