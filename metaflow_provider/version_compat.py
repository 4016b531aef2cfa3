"""The only module that knows Airflow's versions: what differs between them is named here once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow.sdk import (
    DAG,
    BaseHook,
    BaseOperator,
    CronTriggerTimetable,
    Param,
    XComArg,
    get_parsing_context,
)
from airflow.sdk.configuration import conf
from airflow.sdk.definitions.param import ParamsDict
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowNotFoundException,
    AirflowSkipException,
)
from airflow.sdk.log import mask_secret

__all__ = [
    "DAG",
    "AirflowException",
    "AirflowFailException",
    "AirflowNotFoundException",
    "AirflowSkipException",
    "BaseHook",
    "BaseOperator",
    "CronTriggerTimetable",
    "Param",
    "ParamsDict",
    "XComArg",
    "conf",
    "get_parsing_context",
    "mask_secret",
    "task_group",
]


def task_group(**arguments: Any) -> Callable[[Callable[..., None]], Any]:
    """Airflow's `@task_group`; its module imports every task decorator, a third of what a small DAG costs.

    See https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dags.html#taskgroups
    """
    from airflow.sdk import task_group as airflows

    decorate: Callable[[Callable[..., None]], Any] = airflows(**arguments)
    return decorate
