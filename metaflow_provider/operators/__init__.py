"""Airflow operators: `step` runs a step of a flow, `indices` says what a nested foreach is mapped over."""
