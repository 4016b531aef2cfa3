"""Adds the tasks of a plan to the DAG that is being built: one Airflow task per step, named like it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..backends.base import Backend
from ..operators.indices import ForeachIndicesOperator
from ..operators.step import MetaflowStepOperator
from ..version_compat import XComArg, task_group
from .segments import Segment, segments
from .sensors import build_sensor
from .translator import Translator


class TaskBuilder:
    """Builds the tasks inside the current DAG.

    Args:
        translator: of the plan to build.
        backend: where its steps run.
        step_arguments: operator arguments by step, over what the translator says.
    """

    def __init__(
        self, translator: Translator, backend: Backend, step_arguments: Mapping[str, Mapping[str, Any]]
    ) -> None:
        self._translator = translator
        self._plan = translator.plan
        self._graph = translator.plan.graph
        self._backend = backend
        self._step_arguments = step_arguments
        self._tasks: dict[str, Any] = {}
        self._indices: dict[tuple[str, ...], Any] = {}

    def build(self) -> dict[str, Any]:
        """The tasks by step."""
        for segment in segments(self._graph):
            if segment.scope:
                self._mapped_group(segment)
            else:
                self._step(segment.steps[0])
        for step, node in self._graph.nodes.items():
            for parent in node.parents:
                self._tasks[parent] >> self._tasks[step]
        first = self._tasks[self._graph.start]
        for sensor in self._plan.sensors:
            build_sensor(sensor) >> first
        return self._tasks

    def _mapped_group(self, segment: Segment) -> None:
        @task_group(group_id=segment.group_id, prefix_group_id=False)
        def group(foreach_index: Any) -> None:
            for step in segment.steps:
                self._step(step, foreach_index)

        group.expand(foreach_index=self._indices_of(segment.scope))

    def _indices_of(self, scope: tuple[str, ...]) -> Any:
        """What the tasks of a scope are mapped over: a foreach's own result, or that of an extra task.

        The result of a task that is itself mapped cannot be mapped over as one list.
        """
        if scope not in self._indices:
            split = self._tasks[scope[-1]]
            if len(scope) > 1:
                indices = ForeachIndicesOperator(
                    task_id=f"{scope[-1]}-indices", split=scope[-1], trigger_rule="none_failed"
                )
                split >> indices
                split = indices
            self._indices[scope] = XComArg(split)
        return self._indices[scope]

    def _step(self, name: str, foreach_index: Any = None) -> None:
        step, translator = self._plan.step(name), self._translator
        pool = translator.pool(step)
        arguments: dict[str, Any] = {
            "retries": translator.retries(step),
            "retry_delay": translator.retry_delay(step),
            "trigger_rule": self._trigger_rule(name),
            "doc_md": translator.documentation(step),
            **({"pool": pool} if pool else {}),
            **translator.arguments(step),
            **self._step_arguments.get(name, {}),
        }
        self._tasks[name] = MetaflowStepOperator(
            task_id=name, plan=self._plan, backend=self._backend, foreach_index=foreach_index, **arguments
        )

    def _trigger_rule(self, name: str) -> str:
        if not self._graph.conditional or name == self._graph.start:
            return "all_success"
        return "none_failed_min_one_success"
