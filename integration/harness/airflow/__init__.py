"""Airflow 3 without a cluster: a home on SQLite, `dag.test()` in a warm process, and the real scheduler."""
