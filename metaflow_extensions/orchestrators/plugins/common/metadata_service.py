"""Whether the metadata service is new enough for runs that an engine starts."""

from __future__ import annotations

from typing import Any

from metaflow.exception import MetaflowException

_OLDEST = "2.0.2"


class IncorrectMetadataServiceVersion(MetaflowException):
    """The service does not take run ids that it has not given."""

    headline = "Incorrect version for metaflow service"


def check_metadata_service(state: Any) -> None:
    """Refuse a metadata service that is too old; METAFLOW_SERVICE_VERSION_CHECK=False leaves it unasked.

    Raises:
        IncorrectMetadataServiceVersion: it is.
    """
    from metaflow.metaflow_config import SERVICE_VERSION_CHECK
    from metaflow.util import version_parse

    version = state.metadata.version() if SERVICE_VERSION_CHECK else "local"
    if version == "local" or (version and version_parse(version) >= version_parse(_OLDEST)):
        return
    raise IncorrectMetadataServiceVersion(
        f"The metadata service has version {version or 'unknown'}; an engine's runs need {_OLDEST} or newer. "
        "Try again with a more recent version of metaflow service."
    )
