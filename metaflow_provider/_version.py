"""The version of the distribution, for the Airflow provider."""

from __future__ import annotations

from metaflow_extensions.orchestrators._version import __version__

__all__ = ["__version__"]
