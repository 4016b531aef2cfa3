"""Stock Metaflow's two sensor decorators as Airflow's own sensors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from ..plan.model import Sensor


def build_sensor(sensor: Sensor) -> Any:
    """The sensor task of a decorator. Its provider is imported only where a flow uses it."""
    arguments = dict(sensor.attributes)
    description = arguments.pop("description", None)
    if description is not None:
        arguments["doc"] = description
    if "execution_delta" in arguments:
        arguments["execution_delta"] = timedelta(seconds=arguments["execution_delta"])
    return _OPERATORS[sensor.decorator]()(task_id=sensor.name, do_xcom_push=True, **arguments)


def _external_task_sensor() -> Any:
    from airflow.providers.standard.sensors.external_task import ExternalTaskSensor

    return ExternalTaskSensor


def _s3_key_sensor() -> Any:
    from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor

    return S3KeySensor


_OPERATORS: dict[str, Callable[[], Any]] = {
    "airflow_external_task_sensor": _external_task_sensor,
    "airflow_s3_key_sensor": _s3_key_sensor,
}
