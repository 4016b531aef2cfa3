"""Empty: Airflow looks for a provider's example DAGs in the package that is called like its distribution.

The provider is `metaflow_provider`, whose example DAGs are for reading: they need Metaflow beside Airflow.
"""
