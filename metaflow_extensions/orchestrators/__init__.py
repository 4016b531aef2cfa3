"""Metaflow's commands for Airflow, Argo Workflows and Step Functions, and what their tasks run."""
