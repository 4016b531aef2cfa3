"""AWS Step Functions: typed Amazon States Language, and Metaflow flows as state machines."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .account import Account
    from .api import DeploymentPlan, StepFunctions
    from .aws import Aws, AwsError
    from .handle import Deployment
    from .runs import Failure, Run
    from .settings import Settings
    from .translation.translator import Translator

__all__ = [
    "Account",
    "Aws",
    "AwsError",
    "Deployment",
    "DeploymentPlan",
    "Failure",
    "Run",
    "Settings",
    "StepFunctions",
    "Translator",
]

_MODULES = {
    "Account": "account",
    "Aws": "aws",
    "AwsError": "aws",
    "Deployment": "handle",
    "DeploymentPlan": "api",
    "Failure": "runs",
    "Run": "runs",
    "Settings": "settings",
    "StepFunctions": "api",
    "Translator": "translation.translator",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is first asked for: `sfn.asl` alone needs none of them."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
