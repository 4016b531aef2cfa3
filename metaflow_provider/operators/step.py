"""The operator that runs a step of a flow."""

from __future__ import annotations

from typing import Any

from metaflow_extensions.orchestrators.core.ids import TaskRef, airflow_run_id

from ..backends.base import Backend, StepCall
from ..backends.published import published_plan, published_sha
from ..plan import FlowPlan, digest
from ..version_compat import AirflowFailException, AirflowSkipException, BaseOperator
from .records import chunks, led_here, pull, push
from .values import command_line_values

# Address of the plan that the run began with.
_PLAN = "metaflow_plan"


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
        tasks = [TaskRef(self.task_id, member).task_id for member in members]
        self.log.info(
            "Metaflow task %s/%s/%s/%s, plan %s",
            plan.flow,
            call.run_id,
            self.task_id,
            tasks[0] if len(tasks) == 1 else f"{tasks[0]} to {tasks[-1]}",
            digest(plan),
        )
        found = self.backend.run(call, self.log)
        push(task_instance, found)
        if node.kind == "foreach" and not node.gang_split and not node.scope:
            return chunks([[i] for i in range(found[0]["n"])])
        return None

    def on_kill(self) -> None:
        """End the step's process when Airflow ends the task."""
        self.backend.kill()

    def _pinned_plan(self, task_instance: Any) -> FlowPlan:
        start = self.plan.graph.start
        own = published_sha(self.plan)
        if self.task_id == start:
            task_instance.xcom_push(key=_PLAN, value=own)
            return self.plan
        pinned = task_instance.xcom_pull(task_ids=start, key=_PLAN)
        if pinned == own:
            return self.plan
        if pinned is None:
            raise AirflowFailException(
                f"Step {start} has not said which plan this run began with: the flow had another first step "
                "then, or Airflow's XComs were cleaned; start a new run"
            )
        self.log.info(
            "The flow was deployed anew since this run began, which goes on with the plan it began with"
        )
        plan = published_plan(self.plan, str(pinned))
        node = plan.graph.nodes.get(self.task_id)
        if node is None or bool(node.scope) != (self.foreach_index is not None):
            # Not a skip: Airflow would skip what follows, too, and call the run a success.
            lack = "no step" if node is None else "at another place the step"
            raise AirflowFailException(
                f"The flow had {lack} {self.task_id} when this run began, but Airflow goes on with the "
                "graph deployed meanwhile; start a new run"
            )
        return plan

    def _user_retries_left(self, plan: FlowPlan, task_instance: Any) -> int:
        """How often Airflow tries again with the user's code; its `retries` need not be those of the plan."""
        left = int(task_instance.max_tries - task_instance.try_number + 1)
        made = (self.retries or 0) - left
        return min(plan.step(self.task_id).retry.user_retries - made, left)

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
            user_retries_left=self._user_retries_left(plan, task_instance),
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
