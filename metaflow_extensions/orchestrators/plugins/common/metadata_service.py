"""Whether the metadata service is there, and new enough for runs that an engine starts."""

from __future__ import annotations

from typing import Any

from metaflow.exception import MetaflowException

_OLDEST = "2.0.2"
_TIMEOUT_SECONDS = 5


class IncorrectMetadataServiceVersion(MetaflowException):
    """The service does not take run ids that it has not given."""

    headline = "Incorrect version for metaflow service"


def check_metadata_service(state: Any) -> None:
    """Refuse a metadata service that is too old; METAFLOW_SERVICE_VERSION_CHECK=False leaves it unasked.

    Raises:
        Refusal: it does not answer, or with an error.
        IncorrectMetadataServiceVersion: it is too old.
    """
    from metaflow.metaflow_config import SERVICE_VERSION_CHECK
    from metaflow.util import version_parse

    if not SERVICE_VERSION_CHECK:
        return
    version = (
        _asked(type(state.metadata).INFO) if state.metadata.TYPE == "service" else state.metadata.version()
    )
    if version == "local" or (version and version_parse(version) >= version_parse(_OLDEST)):
        return
    raise IncorrectMetadataServiceVersion(
        f"The metadata service has version {version or 'unknown'}; an engine's runs need {_OLDEST} or newer. "
        "Try again with a more recent version of metaflow service."
    )


def tell_local_metadata(state: Any) -> None:
    """Say that runs in containers will not be seen, if nothing outside of them knows of them."""
    if state.metadata.TYPE == "local":
        state.echo(
            "Metadata is local, so it stays in the containers, and Metaflow's client will not find the runs; "
            "set METAFLOW_DEFAULT_METADATA=service and METAFLOW_SERVICE_URL"
        )


def _asked(url: str | None) -> str | None:
    """The version that the service tells, asked once and briefly: Metaflow's own client tries for long."""
    import requests
    from metaflow.metaflow_config import SERVICE_HEADERS

    from metaflow_provider.plan import Refusal

    try:
        answer = requests.get(f"{url}/ping", headers=SERVICE_HEADERS, timeout=_TIMEOUT_SECONDS)
    except requests.Timeout:
        problem = f"it does not answer within {_TIMEOUT_SECONDS} seconds"
    except (requests.RequestException, ValueError) as error:  # an address that is none is a ValueError
        problem = _first_cause(error)
    else:
        if answer.ok:
            return answer.headers.get("METADATA_SERVICE_VERSION")
        problem = f"it answers {answer.status_code} {answer.reason}"
    raise Refusal(
        f"the metadata service {url} cannot be used: {problem}",
        remedy="check METAFLOW_SERVICE_URL, METAFLOW_SERVICE_HEADERS and the network",
    )


def _first_cause(error: BaseException) -> str:
    """What requests wraps several times, such as `Connection refused`."""
    while error.__context__:
        error = error.__context__
    return getattr(error, "strerror", None) or (str(error).splitlines() or [type(error).__name__])[0]
