"""FlowPlan -> Airflow DAG.

In reading order: `metaflow_dag`, `builder`, `segments`, `params`, `sensors`.
"""
