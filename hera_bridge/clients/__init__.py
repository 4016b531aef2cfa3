"""Where flows are deployed: a cluster by Kubernetes' API or by the Argo Server, or a folder of files.

Reading order: `kinds`, `errors`, `protocol` (what is asked of a cluster), `kubernetes_api` with `connection`
and `managed_fields`, `argo_server`, `logs`, `folder` with `yaml_text`.
"""

from __future__ import annotations

from .argo_server import ArgoServer
from .errors import ArgoError
from .folder import write_objects
from .kinds import CRON_WORKFLOW, SECRET, SENSOR, WORKFLOW, WORKFLOW_TEMPLATE, Kind, Object
from .kubernetes_api import Kubernetes
from .protocol import Client

__all__ = [
    "CRON_WORKFLOW",
    "SECRET",
    "SENSOR",
    "WORKFLOW",
    "WORKFLOW_TEMPLATE",
    "ArgoError",
    "ArgoServer",
    "Client",
    "Kind",
    "Kubernetes",
    "Object",
    "write_objects",
]
