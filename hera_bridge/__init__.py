"""Argo Workflows through Hera: Metaflow flows as workflow templates that Python can edit."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import ArgoWorkflows, compile_flow
    from .bundle import Bundle
    from .clients import ArgoError, ArgoServer, Client, Kubernetes
    from .deployment_plan import DeploymentPlan
    from .handle import Deployment
    from .notifications import IncidentIo, PagerDuty, Slack
    from .runs import Failure, Run
    from .secret_key import SecretKey
    from .settings import Settings
    from .translation.translator import Translator
    from .translation.workflow import translate
    from .values import Stored

__all__ = [
    "ArgoError",
    "ArgoServer",
    "ArgoWorkflows",
    "Bundle",
    "Client",
    "Deployment",
    "DeploymentPlan",
    "Failure",
    "IncidentIo",
    "Kubernetes",
    "PagerDuty",
    "Run",
    "SecretKey",
    "Settings",
    "Slack",
    "Stored",
    "Translator",
    "compile_flow",
    "translate",
]

_MODULES = {
    "ArgoError": "clients",
    "ArgoServer": "clients",
    "ArgoWorkflows": "api",
    "Bundle": "bundle",
    "Client": "clients",
    "Deployment": "handle",
    "DeploymentPlan": "deployment_plan",
    "Failure": "runs",
    "IncidentIo": "notifications",
    "Kubernetes": "clients",
    "PagerDuty": "notifications",
    "Run": "runs",
    "SecretKey": "secret_key",
    "Settings": "settings",
    "Slack": "notifications",
    "Stored": "values",
    "Translator": "translation.translator",
    "compile_flow": "api",
    "translate": "translation.workflow",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is first asked for: Hera takes a second to import."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
