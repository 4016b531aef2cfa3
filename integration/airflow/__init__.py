"""Flows on the real Airflow 3 scheduler: graphs, faults, limits, secrets, deployments."""
