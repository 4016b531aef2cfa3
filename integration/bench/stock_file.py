"""Makes the DAG file that stock Metaflow generates loadable: as it is, Airflow 3 refuses it."""

from __future__ import annotations

# What today's Airflow and its Kubernetes provider lack, and what took its place.
_PATCHES = (
    ("schedule_interval", "schedule"),
    ('get_provider_info()["versions"][0]', '"10.0.0"'),
    ("cncf.kubernetes.operators.kubernetes_pod import", "cncf.kubernetes.operators.pod import"),
    ("from airflow.kubernetes.secret", "from airflow.providers.cncf.kubernetes.secret"),
    ("{{ ti.job_id }}", "{{ ti.id }}"),
)


def loadable(text: str) -> str:
    """The text of the file with what stops it replaced.

    Raises:
        ValueError: something to replace is not there: this is another version of Metaflow.
    """
    for old, new in _PATCHES:
        if old not in text:
            raise ValueError(f"stock's generated file has no {old!r}")
        text = text.replace(old, new)
    return text
