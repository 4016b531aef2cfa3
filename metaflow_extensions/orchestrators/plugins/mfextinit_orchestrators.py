"""Registers this package's commands and decorators with Metaflow; the last description of a name wins."""

CLIS_DESC = [("airflow", ".airflow.airflow_cli.cli")]
STEP_DECORATORS_DESC = [
    ("orchestrators_internal", ".common.internal_decorator.OrchestratorsInternalDecorator"),
]
