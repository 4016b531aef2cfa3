"""The `airflow` command group."""
