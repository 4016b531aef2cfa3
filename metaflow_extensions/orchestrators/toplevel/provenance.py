"""What Metaflow records of this package with every run."""

from metaflow_extensions.orchestrators._version import __version__

__mf_extensions__ = "metaflow-orchestrators"

__all__ = ["__mf_extensions__", "__version__"]
