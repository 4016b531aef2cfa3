"""Options of this provider: section `[metaflow]` of Airflow's configuration (`AIRFLOW__METAFLOW__...`)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .version_compat import conf

_SECTION = "metaflow"


def plan_cache_folder() -> Path:
    """Where compiled plans are kept (`plan_cache_folder`)."""
    return _folder("plan_cache_folder", "metaflow_plans")


def code_cache_folder() -> Path:
    """Where a worker unpacks flows' code (`code_cache_folder`)."""
    return _folder("code_cache_folder", "metaflow_code")


def python() -> str:
    """The interpreter that compiles flows and runs their steps (`python`); by default Airflow's own."""
    return conf.get(_SECTION, "python", fallback="") or sys.executable


def connection_id() -> str:
    """The connection with the metadata service's address and headers (`connection_id`)."""
    return str(conf.get(_SECTION, "connection_id", fallback="metaflow_default"))


def compile_timeout() -> int:
    """Seconds that the compilation of a flow may take (`compile_timeout`)."""
    return int(conf.getint(_SECTION, "compile_timeout", fallback=120))


def _folder(option: str, default: str) -> Path:
    home = os.environ.get("AIRFLOW_HOME") or os.path.expanduser("~/airflow")
    return Path(conf.get(_SECTION, option, fallback="") or os.path.join(home, default)).expanduser()
