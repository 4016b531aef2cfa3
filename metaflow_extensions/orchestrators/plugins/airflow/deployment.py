"""From a loaded flow to what is deployed on Airflow: compile (pure), publish (package and token), advise."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from metaflow_provider.plan import FlowPlan, Refusal, dumps
from metaflow_provider.plan.model import Limits
from metaflow_provider.plan.reader import Wishes, build_plan, with_included_files

from ..common.capabilities import check_capabilities, check_limits
from ..common.code_package import BuiltPackage, build_package
from ..common.datastore import check_reachable
from ..common.naming import DeploymentName, NameRule
from ..common.say import say
from ..common.tokens import Token, TokenWishes, announce_token, remember_token, resolve_token
from .capabilities import AIRFLOW
from .pools import check_pool
from .token_store import deployed_token, save_token

# Airflow's own rule for a dag_id; it takes 250 characters.
AIRFLOW_NAMES = NameRule("Airflow", re.compile(r"[^a-zA-Z0-9_\-\.]"), longest=250)
_COMMAND = "airflow create"


@dataclass(frozen=True)
class AirflowWishes:
    """Options of the commands that compile a flow."""

    tokens: TokenWishes
    tags: tuple[str, ...] = ()
    user_namespace: str | None = None
    max_workers: int = 100
    workflow_timeout: int | None = None
    worker_pool: str | None = None
    backend: str = "auto"
    paused: bool = False


@dataclass(frozen=True)
class CompiledFlow:
    """A plan with everything that has to be in place before Airflow loads it."""

    plan: FlowPlan
    dag_options: dict[str, object]
    package: BuiltPackage
    deployment: DeploymentName
    token: Token

    def publish(self, state: Any) -> None:
        """Upload the code package and the plan, and keep the production token."""
        self.package.upload(state.flow_datastore)
        state.flow_datastore.save_data([dumps(self.plan).encode()])
        if self.token.is_new:
            save_token(state.flow_datastore, self.deployment.name, self.token.value)
        remember_token(self.deployment, self.token)
        announce_token(self.token, "Airflow", _COMMAND, state.echo)

    def tell_unused(self, state: Any) -> None:
        """Say what the flow asks for that does not apply."""
        from metaflow_provider.dag.compute import unused_compute

        for line in unused_compute(self.plan):
            say(state.echo, "{}", line)

    def advise(self, state: Any, dag_file: Path) -> None:
        """Say what does not apply, what Airflow might misread, and what comes next."""
        self.tell_unused(state)
        flow_file = Path(sys.argv[0]).resolve()
        folder = dag_file.resolve().parent
        if folder in flow_file.parents:
            say(
                state.echo,
                "*{}* lies in the DAG file's folder: so that Airflow does not take it for a DAG, add this "
                "line to {}: {}",
                *(flow_file.name, folder / ".airflowignore", os.path.relpath(flow_file, folder)),
            )
        text = "Put {} into Airflow's dags folder, then: airflow dags trigger {}"
        say(state.echo, text, dag_file, self.plan.name)


def compile_flow(state: Any, wishes: AirflowWishes, *, include_files: bool = True) -> CompiledFlow:
    """Compile the flow and pack it. Saves nothing but the files of IncludeFile defaults.

    Raises:
        Refusal: the flow, or a wish, cannot be met on Airflow.
    """
    _prepare(state, wishes)
    plan = _plan(state, wishes)
    check_reachable(state.flow_datastore)
    deployment = state.deployment_name
    previous = deployed_token(state.flow_datastore, deployment.name)
    token = resolve_token(deployment, "Airflow", _COMMAND, previous, wishes.tokens, state.echo)
    package = build_package(state)
    if include_files:
        plan = with_included_files(plan, state.flow)
    plan = replace(plan, code=package.description, production_token=token.value)
    return CompiledFlow(plan, _dag_options(wishes), package, deployment, token)


def check_flow(state: Any, wishes: AirflowWishes) -> str:
    """A one-line summary of a flow that can run on Airflow; raises `Refusal` like `compile_flow`."""
    _prepare(state, wishes)
    plan = _plan(state, wishes)
    kinds: dict[str, int] = {}
    for step in plan.steps:
        kinds[step.kind] = kinds.get(step.kind, 0) + 1
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    return f"{plan.flow} can run on Airflow as {plan.name}: {len(plan.steps)} steps ({counts})"


def _prepare(state: Any, wishes: AirflowWishes) -> None:
    if wishes.backend == "kubernetes":
        raise Refusal(
            "--backend kubernetes is not supported yet", remedy="use --backend process, or leave it out"
        )
    check_limits(wishes.max_workers, wishes.workflow_timeout)
    if wishes.worker_pool is not None:
        check_pool(wishes.worker_pool, state.echo)


def _plan(state: Any, wishes: AirflowWishes) -> FlowPlan:
    limits = Limits(wishes.max_workers, wishes.workflow_timeout, wishes.worker_pool)
    plan = build_plan(
        state,
        Wishes(state.deployment_name.name, tuple(wishes.tags), wishes.user_namespace or "", limits=limits),
    )
    check_capabilities(plan, AIRFLOW)
    return plan


def _dag_options(wishes: AirflowWishes) -> dict[str, object]:
    return {"is_paused_upon_creation": True} if wishes.paused else {}
