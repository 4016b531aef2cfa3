"""Metaflow flows as native Airflow DAGs.

Airflow imports this package in every process, so it imports nothing: names are resolved when used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from .dag.metaflow_dag import MetaflowDAG
    from .dag.translator import Translator
    from .factory import load_flow, load_flows
    from .provider_info import get_provider_info

_NAMES = {
    "MetaflowDAG": ".dag.metaflow_dag",
    "Translator": ".dag.translator",
    "get_provider_info": ".provider_info",
    "load_flow": ".factory",
    "load_flows": ".factory",
}

__all__ = ["MetaflowDAG", "Translator", "__version__", "get_provider_info", "load_flow", "load_flows"]


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_NAMES[name], __name__), name)
