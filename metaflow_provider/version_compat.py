"""The only module that knows Airflow's versions: what differs between them is named here once."""

from __future__ import annotations

from airflow.sdk import (
    DAG,
    BaseHook,
    BaseOperator,
    CronTriggerTimetable,
    Param,
    XComArg,
    get_parsing_context,
    task_group,
)
from airflow.sdk.configuration import conf
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
    "XComArg",
    "conf",
    "get_parsing_context",
    "mask_secret",
    "task_group",
]
