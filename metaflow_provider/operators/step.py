"""The operator that runs a step of a flow."""

from __future__ import annotations

import base64
import zlib
from typing import Any

from metaflow_extensions.orchestrators.core.ids import airflow_run_id

from ..backends.base import Backend, StepCall
from ..plan import FlowPlan, digest, dumps, loads
from ..version_compat import AirflowFailException, AirflowSkipException, BaseOperator
from .records import RECORDS, chunks, led_here, pull
from .values import command_line_values

_PLAN = "metaflow_plan"
_DIGEST = "metaflow_plan_digest"


class MetaflowStepOperator(BaseOperator):
    """Runs a step for one index path, or for several where Airflow cannot map over so many.

    Whether a switch chose this step is seen from the records of its parents; if none did, the task is
    skipped before anything is started.

    Args:
        plan: the flow. A run keeps the plan of its first task, whatever is deployed meanwhile.
        backend: where the step runs.
        foreach_index: for a step inside a foreach, the index paths of this instance.
        arguments: those of Airflow's operators; `task_id` is the step's name.
    """

    template_fields = ("foreach_index",)
    ui_color = "#e8f1fd"

    def __init__(
        self, *, plan: FlowPlan, backend: Backend, foreach_index: Any = None, **arguments: Any
    ) -> None:
        if foreach_index is not None:
            arguments.setdefault("map_index_template", "{{ metaflow_index }}")
        super().__init__(**arguments)
        self.plan = plan
        self.backend = backend
        self.foreach_index = foreach_index

    def execute(self, context: Any) -> list[list[list[int]]] | None:
        """Run the step; a foreach outside of every other returns what its body is mapped over."""
        task_instance = context["ti"]
        plan = self._pinned_plan(task_instance)
        node = plan.graph[self.task_id]
        members: list[tuple[int, ...]] = [tuple(i) for i in self.foreach_index] if node.scope else [()]
        context["metaflow_index"] = _label(members)
        records = {parent: pull(task_instance, parent) for parent in self._parents_to_ask(plan)}
        if plan.graph.conditional and node.parents:
            members = [m for m in members if led_here(plan.graph, self.task_id, m, records)]
        if not members:
            raise AirflowSkipException(f"No switch led to step {self.task_id} here")
        call = self._call(context, plan, members, records)
        self.log.info(
            "Metaflow run %s/%s, step %s, plan %s", plan.flow, call.run_id, self.task_id, digest(plan)
        )
        found = self.backend.run(call, self.log)
        task_instance.xcom_push(key=RECORDS, value=found)
        if node.kind == "foreach" and not node.gang_split and not node.scope:
            return chunks([[i] for i in range(found[0]["n"])])
        return None

    def on_kill(self) -> None:
        """End the step's process when Airflow ends the task."""
        self.backend.kill()

    def _pinned_plan(self, task_instance: Any) -> FlowPlan:
        start = self.plan.graph.start
        own = digest(self.plan)
        if self.task_id == start:
            packed = base64.b64encode(zlib.compress(dumps(self.plan).encode())).decode()
            task_instance.xcom_push(key=_DIGEST, value=own)
            task_instance.xcom_push(key=_PLAN, value=packed)
            return self.plan
        pinned = task_instance.xcom_pull(task_ids=start, key=_DIGEST)
        if pinned == own:
            return self.plan
        if pinned is None:
            raise AirflowFailException(
                f"This run began with another first step than {start}, before the flow was deployed anew; "
                "start a new run"
            )
        self.log.info(
            "The flow was deployed anew since this run began, which goes on with the plan it began with"
        )
        packed = task_instance.xcom_pull(task_ids=start, key=_PLAN)
        plan = loads(zlib.decompress(base64.b64decode(packed)).decode())
        if self.task_id not in plan.graph.nodes:
            # Not a skip: Airflow would skip what follows, too, and call the run a success.
            raise AirflowFailException(
                f"The flow had no step {self.task_id} when this run began, but Airflow goes on with the "
                "graph deployed meanwhile; start a new run"
            )
        return plan

    def _parents_to_ask(self, plan: FlowPlan) -> list[str]:
        """Parents whose records matter: all where a switch decides, else loops, for how often they ran."""
        parents = plan.graph[self.task_id].parents
        return [p for p in parents if plan.graph.conditional or plan.graph[p].loop]

    def _call(
        self,
        context: Any,
        plan: FlowPlan,
        members: list[tuple[int, ...]],
        records: dict[str, list[dict[str, Any]]],
    ) -> StepCall:
        task_instance = context["ti"]
        is_first = self.task_id == plan.graph.start
        return StepCall(
            plan=plan,
            step=self.task_id,
            run_id=airflow_run_id(context["run_id"], self.dag_id),
            members=members,
            tries_left=task_instance.max_tries - task_instance.try_number + 1,
            series=_series(context),
            iterations=_iterations(records),
            parameters=command_line_values(plan.parameters, dict(context["params"])) if is_first else None,
            metadata={
                "airflow-dag-run-id": context["run_id"],
                "airflow-job-id": str(getattr(task_instance, "id", "")),
            },
        )


def _series(context: Any) -> str:
    """Differs from one DAG run of an id to the next, and after a clear, but not between tries."""
    return f"{context['dag_run'].start_date.isoformat()} {context['ti'].max_tries}"


def _iterations(records: dict[str, list[dict[str, Any]]]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for parent, found in records.items():
        for record in found:
            if record.get("iterations"):
                counts.setdefault(parent, {})["-".join(map(str, record["index"]))] = record["iterations"]
    return counts


def _label(members: list[tuple[int, ...]]) -> str:
    """What the instance is called in Airflow's pages: `2-5`, or the first and last of several."""
    names = [
        "-".join(map(str, index)) for index in (members[:1] + members[-1:] if len(members) > 1 else members)
    ]
    return " ... ".join(names)
