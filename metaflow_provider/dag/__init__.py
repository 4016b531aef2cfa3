"""FlowPlan -> Airflow DAG. Reading order: `metaflow_dag`, `builder`, `segments`, `params`, `sensors`."""
