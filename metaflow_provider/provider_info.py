"""What Airflow reads of this provider, in every process: keep it trivial."""

from __future__ import annotations

from typing import Any

from ._version import __version__


def get_provider_info() -> dict[str, Any]:
    """The provider's description.

    See https://airflow.apache.org/docs/apache-airflow-providers/howto/create-custom-providers.html
    """
    return {
        "package-name": "metaflow-orchestrators",
        "name": "Metaflow",
        "description": "Metaflow flows as native Airflow DAGs.",
        "versions": [__version__],
        "integrations": [
            {
                "integration-name": "Metaflow",
                "external-doc-url": "https://docs.metaflow.org/",
                "tags": ["software"],
            }
        ],
        "operators": [
            {
                "integration-name": "Metaflow",
                "python-modules": ["metaflow_provider.operators.step", "metaflow_provider.operators.indices"],
            }
        ],
        "hooks": [
            {"integration-name": "Metaflow", "python-modules": ["metaflow_provider.hooks.metaflow"]},
        ],
        "connection-types": [
            {
                "connection-type": "metaflow",
                "hook-name": "Metaflow",
                "hook-class-name": "metaflow_provider.hooks.metaflow.MetaflowHook",
                "ui-field-behaviour": {
                    "hidden-fields": ["port", "schema", "login"],
                    "relabeling": {"host": "Metadata service URL", "password": "Service auth key"},
                    "placeholders": {"extra": '{"headers": {"x-api-key": "..."}}'},
                },
            }
        ],
        "config": {"metaflow": {"description": "Metaflow flows as DAGs.", "options": _OPTIONS}},
    }


def _option(description: str, kind: str, default: str, example: str | None = None) -> dict[str, Any]:
    return {
        "description": description,
        "version_added": "0.1.0",
        "type": kind,
        "example": example,
        "default": default,
    }


_OPTIONS = {
    "plan_cache_folder": _option(
        "Where compiled plans are kept; empty: metaflow_plans in AIRFLOW_HOME. "
        "Workers on other machines must see it, or be given compiled plans.",
        "string",
        "",
        "/opt/airflow/metaflow_plans",
    ),
    "code_cache_folder": _option(
        "Where a worker unpacks flows' code; empty: metaflow_code in AIRFLOW_HOME.", "string", ""
    ),
    "python": _option(
        "The interpreter that compiles flows and runs their steps; empty: Airflow's own.",
        "string",
        "",
        "/opt/venvs/ml/bin/python",
    ),
    "connection_id": _option(
        "The connection with the metadata service's address and headers.", "string", "metaflow_default"
    ),
    "compile_timeout": _option(
        "Seconds that the compilation of a flow may take. The parser waits no longer than [core] "
        "dagbag_import_timeout and [dag_processor] dag_file_processor_timeout; the next finds the plan.",
        "integer",
        "120",
    ),
}
