"""From a flow that Metaflow has loaded to its plan.

It looks at the state of Metaflow's command line (`obj` of its click commands) once configs and mutators
have been applied and decorators initialised, and changes nothing.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from metaflow_extensions.orchestrators._version import __version__
from metaflow_extensions.orchestrators.core.graph import GraphError, graph_of, kind_of

from ..cron import CronError, from_schedule
from ..model import (
    Child,
    Compute,
    FlowPlan,
    Limits,
    Project,
    Retry,
    Schedule,
    Sensor,
    Step,
    Trigger,
)
from ..refusal import Refusal
from .parameters import check_parameters, read_parameters
from .runtime import owner, read_runtime

PLATFORMS = ("kubernetes", "batch")
_MAX_RETRIES = 5
_TRIGGERS = ("trigger", "trigger_on_finish", "exit_hook")
_SENSORS = {"airflow_external_task_sensor": "ExternalTaskSensor", "airflow_s3_key_sensor": "S3KeySensor"}


@dataclass(frozen=True)
class Wishes:
    """What the person who deploys a flow says about it, beyond the flow file.

    Attributes:
        name: of the deployment.
        tags: for every run.
        namespace: in which tasks look for other runs.
        platforms: decorators that say where a step runs, the engine's own first.
    """

    name: str
    tags: tuple[str, ...] = ()
    namespace: str = ""
    limits: Limits = field(default_factory=Limits)
    platforms: tuple[str, ...] = PLATFORMS


def build_plan(state: Any, wishes: Wishes) -> FlowPlan:
    """The plan of the flow that Metaflow's command line has loaded.

    Args:
        state: the `obj` of a click command of Metaflow's.
        wishes: what is not in the flow.

    Raises:
        Refusal: something in the flow cannot be expressed; nothing has been changed.
    """
    flow, graph = state.flow, state.graph
    order = _order(graph)
    plan = FlowPlan(
        name=wishes.name,
        flow=flow.name,
        file=os.path.basename(sys.argv[0]),
        steps=tuple(_step(graph[name], state, wishes.platforms) for name in order),
        runtime=read_runtime(state),
        doc=graph.doc or "",
        owner=owner(),
        project=_project(),
        tags=wishes.tags,
        namespace=wishes.namespace,
        parameters=tuple(read_parameters(flow)),
        configs=tuple(p.name for _, p in flow._get_parameters() if p.IS_CONFIG_PARAMETER),
        schedules=tuple(_schedules(flow)),
        triggers=tuple(_triggers(flow)),
        sensors=tuple(_sensors(flow)),
        limits=wishes.limits,
        metaflow_version=_metaflow_version(),
        version=__version__,
    )
    check_parameters(plan)
    _check_sensors(plan)
    return plan


def _order(graph: Any) -> list[str]:
    try:
        return list(graph_of(graph).nodes)
    except GraphError as error:
        raise Refusal(str(error)) from None


def _step(node: Any, state: Any, platforms: tuple[str, ...]) -> Step:
    decorators = {deco.name: deco for deco in node.decorators}
    executable = state.environment.executable(node.name)
    return Step(
        name=node.name,
        kind=kind_of(node),
        doc=node.doc or "",
        line=node.func_lineno,
        children=_children(node),
        foreach=(node.foreach_param or "") if node.type == "foreach" else "",
        condition=node.condition or "",
        gang_split=node.parallel_foreach,
        retry=_retry(node),
        timeout=decorators["timeout"].secs if "timeout" in decorators else None,
        compute=_compute(decorators, platforms),
        environment=_environment_variables(decorators),
        decorators=tuple(deco.make_decorator_spec() for deco in node.decorators if _attached(deco, node)),
        executable="" if executable == "python" else executable,
        bootstrap=tuple(state.environment.bootstrap_commands(node.name, state.flow_datastore.TYPE)),
    )


def _attached(deco: Any, node: Any) -> bool:
    """Whether tasks have to be told of a decorator: it is not in the flow file.

    Where a step runs is decided before its task, which only a gang has to know.
    """
    if deco.statically_defined or deco.inserted_by is not None:
        return False
    return deco.name not in PLATFORMS or bool(node.parallel_step)


def _children(node: Any) -> tuple[Child, ...]:
    if node.type != "split-switch":
        return tuple(Child(step) for step in node.out_funcs)
    cases: dict[str, list[str]] = {}
    for case, step in node.switch_cases.items():
        cases.setdefault(step, []).append(str(case))
    return tuple(Child(step, tuple(values)) for step, values in cases.items())


def _retry(node: Any) -> Retry:
    user = error = minutes = 0
    for deco in node.decorators:
        user_retries, error_retries = deco.step_task_retry_count()
        user, error = max(user, user_retries or 0), max(error, error_retries or 0)
        if deco.name == "retry":
            minutes = int(deco.attributes["minutes_between_retries"])
    return Retry(user, min(error, _MAX_RETRIES - user), minutes)


def _compute(decorators: dict[str, Any], platforms: tuple[str, ...]) -> Compute:
    platform = next((name for name in platforms if name in decorators), "")
    attributes = _plain(decorators[platform].attributes) if platform else {}
    if attributes.get("namespace") == _default_namespace():
        del attributes["namespace"]
    resources = _plain(decorators["resources"].attributes) if "resources" in decorators else {}
    return Compute(platform, attributes, resources)


def _default_namespace() -> str:
    """What Metaflow puts into every `@kubernetes`; a flow goes to the namespace that it is deployed to."""
    from metaflow.metaflow_config import KUBERNETES_NAMESPACE

    return str(KUBERNETES_NAMESPACE)


def _environment_variables(decorators: dict[str, Any]) -> dict[str, str]:
    if "environment" not in decorators:
        return {}
    return {name: str(value) for name, value in decorators["environment"].attributes["vars"].items()}


def _plain(attributes: dict[str, Any]) -> dict[str, Any]:
    """Attributes of a decorator as JSON data."""
    return {name: json.loads(json.dumps(value, default=_as_text)) for name, value in attributes.items()}


def _as_text(value: Any) -> str:
    # The text of a function holds its address, which differs from one process to the next.
    return str(value.__name__ if inspect.isfunction(value) else value)


def _metaflow_version() -> str:
    from metaflow.metaflow_version import get_version

    return str(get_version(public=True)).split("+")[0]


def _project() -> Project | None:
    from metaflow import current

    if not current.get("project_name"):
        return None
    return Project(current.project_name, current.branch_name, bool(current.is_production))


def _schedules(flow: Any) -> Iterator[Schedule]:
    for deco in flow._flow_decorators.get("schedule", []):
        attributes = deco.attributes
        try:
            cron = from_schedule(**{key: attributes[key] for key in ("cron", "weekly", "daily", "hourly")})
        except CronError as error:
            raise Refusal(str(error), decorator="schedule") from None
        if cron is not None:
            yield Schedule(cron, _timezone(attributes["timezone"]))


def _timezone(name: str | None) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if name is None:
        return ""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refusal(
            f"the time zone {name!r} is not known",
            decorator="schedule",
            remedy="use an IANA name such as Europe/Berlin",
        ) from None
    return name


def _triggers(flow: Any) -> Iterator[Trigger]:
    for name in _TRIGGERS:
        for deco in flow._flow_decorators.get(name, []):
            yield Trigger(name, _plain(deco.attributes))


def _sensors(flow: Any) -> Iterator[Sensor]:
    for name, operator in _SENSORS.items():
        for number, deco in enumerate(flow._flow_decorators.get(name, [])):
            attributes = {key: value for key, value in deco.attributes.items() if value is not None}
            delta = attributes.pop("execution_delta", None)
            if delta is not None:
                attributes["execution_delta"] = delta.total_seconds()
            task = attributes.pop("name", None) or f"{operator}-{number}"
            yield Sensor(name, task, _plain(attributes))


def _check_sensors(plan: FlowPlan) -> None:
    taken = {step.name for step in plan.steps}
    for sensor in plan.sensors:
        if sensor.name in taken:
            raise Refusal(
                f"the sensor's name {sensor.name} is taken by a step or another sensor",
                decorator=sensor.decorator,
                remedy="give it another name",
            )
        taken.add(sensor.name)
