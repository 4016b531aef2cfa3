"""The flows of the folder `flows`, each as a DAG."""

from metaflow_provider import load_flows  # airflow dag

load_flows(globals(), "flows")
