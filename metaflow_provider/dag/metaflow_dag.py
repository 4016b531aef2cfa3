"""A Metaflow flow as an Airflow DAG."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ..backends.process import ProcessBackend
from ..plan import FlowPlan, Refusal, digest, loads
from ..version_compat import DAG, CronTriggerTimetable, ParamsDict
from .builder import TaskBuilder
from .compute import unused_compute
from .params import airflow_param
from .translator import Translator

# How long the first run of a schedule may be overdue: Airflow works it out anew whenever it reads the DAG.
_FIRST_RUN_GRACE = timedelta(minutes=5)
# Airflow refuses a DAG with a longer tag.
_LONGEST_TAG = 100


class MetaflowDAG(DAG):
    """The DAG of a flow's plan.

    Args:
        plan: the plan, or its JSON text.
        backend: `process`: steps are processes of the worker.
        python: the interpreter that runs the steps; by default `[metaflow] python`, else Airflow's own.
        pool: Airflow pool of all steps; by default that of the plan (`--worker-pool`).
        translator: decides what becomes of each step.
        step_arguments: operator arguments by step, over the translator's: `{"train": {"pool": "gpu"}}`.
        default_args: operator arguments of all steps.
        params: Airflow params beside the flow's; for one of the flow's own, its value or another `Param`.
        arguments: other arguments of Airflow's `DAG`, over what the plan says.

    Raises:
        PlanError: the text is not a plan that this version can use.
        ParamValidationError: a value in `params` is none that the flow's parameter takes.
        Refusal: an unknown backend, or a step that does not exist.

    Example:
        >>> dag = MetaflowDAG(Path("train.json").read_text(), pool="ml")
    """

    def __init__(
        self,
        plan: FlowPlan | str,
        *,
        backend: str = "process",
        python: str | None = None,
        pool: str | None = None,
        translator: type[Translator] = Translator,
        step_arguments: Mapping[str, Mapping[str, Any]] | None = None,
        default_args: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        **arguments: Any,
    ) -> None:
        plan = loads(plan) if isinstance(plan, str) else plan
        if backend not in ("auto", "process"):
            raise Refusal(f"the backend {backend!r} is not supported yet", remedy="use process")
        steps = dict(step_arguments or {})
        unknown = sorted(set(steps) - {step.name for step in plan.steps})
        if unknown:
            raise Refusal(f"step_arguments names {unknown[0]}, which flow {plan.flow} does not have")
        own = _dag_arguments(plan)
        own["default_args"] = {
            **own["default_args"],
            **(default_args or {}),
            **({"pool": pool} if pool else {}),
        }
        own["params"].update(params or {})
        super().__init__(**{**own, **arguments})
        with self:
            TaskBuilder(translator(plan), ProcessBackend(python), steps).build()


def _dag_arguments(plan: FlowPlan) -> dict[str, Any]:
    timeout = plan.limits.workflow_timeout
    default_args: dict[str, Any] = {"owner": plan.owner or "metaflow"}
    if plan.limits.pool is not None:
        default_args["pool"] = plan.limits.pool
    return {
        "dag_id": plan.name,
        "description": plan.doc.strip().splitlines()[0] if plan.doc.strip() else None,
        "doc_md": documentation(plan),
        "schedule": _schedule(plan),
        "catchup": False,
        "params": ParamsDict({parameter.name: airflow_param(parameter) for parameter in plan.parameters}),
        "tags": dag_tags(plan),
        "max_active_tasks": plan.limits.max_workers,
        "dagrun_timeout": timedelta(seconds=timeout) if timeout else None,
        "default_args": default_args,
    }


def dag_tags(plan: FlowPlan) -> list[str]:
    """The DAG's tags: those of its runs, but for what is too long for Airflow, and `metaflow`."""
    return sorted({"metaflow", *(tag for tag in plan.tags if len(tag) <= _LONGEST_TAG)})


def _schedule(plan: FlowPlan) -> Any:
    # A plain cron string would be read by [scheduler] create_cron_data_intervals; this never is. Without a
    # start date, a DAG that is unpaused waits for the next time instead of making up for the last.
    if not plan.schedules:
        return None
    schedule = plan.schedules[0]
    return CronTriggerTimetable(
        schedule.cron, timezone=schedule.timezone or "UTC", run_immediately=_FIRST_RUN_GRACE
    )


def documentation(plan: FlowPlan) -> str:
    """The flow's text, what does not apply, and the plan's digest: a changed one makes a new DAG version.

    It never ends in `.md`, which Airflow would open as a file.
    """
    facts = [f"Metaflow flow `{plan.flow}`, plan `{digest(plan)}`"]
    if plan.schedules:
        facts.append(f"scheduled `{plan.schedules[0].cron}` {plan.schedules[0].timezone or 'UTC'}")
    if plan.production_token:
        facts.append(f"namespace `production:{plan.production_token}`")
    if plan.project:
        facts.append(f"project `{plan.project.name}`, branch `{plan.project.branch}`")
    return "\n\n".join(part for part in (plan.doc.strip(), *unused_compute(plan), ", ".join(facts)) if part)
