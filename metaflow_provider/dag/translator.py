"""The decisions about a step that you may want to take differently: override a method, and pass the class."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ..plan import FlowPlan, Step


class Translator:
    """What becomes of each step in Airflow. Every method may call the default.

    Args:
        plan: the flow.

    Example:
        >>> class OnGpu(Translator):
        ...     def pool(self, step):
        ...         return "gpu" if step.compute.resources.get("gpu") else super().pool(step)
        >>> dag = MetaflowDAG(text, translator=OnGpu)
    """

    def __init__(self, plan: FlowPlan) -> None:
        self.plan = plan

    def retries(self, step: Step) -> int:
        """How often Airflow tries the task again; `@catch` counts on the last of them.

        Example:
            >>> def retries(self, step):
            ...     return max(1, super().retries(step))
        """
        return step.retry.engine_retries

    def retry_delay(self, step: Step) -> timedelta:
        """The time between two tries.

        Example:
            >>> def retry_delay(self, step):
            ...     return timedelta(minutes=5)
        """
        return timedelta(minutes=step.retry.minutes_between)

    def pool(self, step: Step) -> str | None:
        """The task's pool; `None`: that of the DAG.

        Example:
            >>> def pool(self, step):
            ...     return "etl" if step.name.startswith("load") else None
        """
        return None

    def documentation(self, step: Step) -> str | None:
        """Markdown that Airflow shows with the task.

        Example:
            >>> def documentation(self, step):
            ...     return f"Line {step.line} of {self.plan.file}"
        """
        return step.doc or None

    def arguments(self, step: Step) -> dict[str, Any]:
        """Further arguments of the operator.

        https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/tasks.html

        Example:
            >>> def arguments(self, step):
            ...     return {"execution_timeout": timedelta(hours=2), "priority_weight": 5}
        """
        return {}
