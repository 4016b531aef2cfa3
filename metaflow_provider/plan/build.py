"""Reads a Metaflow flow into a FlowPlan. The only module of the plan that knows Metaflow.

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
from urllib.parse import urlparse

from metaflow_extensions.orchestrators._version import __version__
from metaflow_extensions.orchestrators.core.graph import GraphError, graph_of, kind_of

from .cron import CronError, from_schedule
from .model import (
    Child,
    CodePackage,
    Compute,
    FlowPlan,
    Limits,
    Parameter,
    Project,
    Retry,
    Runtime,
    Schedule,
    Sensor,
    Step,
    Trigger,
)
from .refusal import Refusal

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
        production_token: empty while it is not known.
    """

    name: str
    tags: tuple[str, ...] = ()
    namespace: str = ""
    production_token: str = ""
    limits: Limits = field(default_factory=Limits)


def build_plan(
    state: Any, wishes: Wishes, code: CodePackage | None = None, *, include_files: bool = True
) -> FlowPlan:
    """The plan of the flow that Metaflow's command line has loaded.

    Args:
        state: the `obj` of a click command of Metaflow's.
        wishes: what is not in the flow.
        code: the flow's code package, where it is known.
        include_files: put the files of IncludeFile defaults into the datastore, as the plan refers to them.

    Raises:
        Refusal: something in the flow cannot be expressed; nothing has been changed.
    """
    flow, graph = state.flow, state.graph
    order = _order(graph)
    plan = FlowPlan(
        name=wishes.name,
        flow=flow.name,
        file=os.path.basename(sys.argv[0]),
        steps=tuple(_step(graph[name], state) for name in order),
        runtime=_runtime(state),
        code=code,
        doc=graph.doc or "",
        owner=_owner(),
        project=_project(),
        tags=wishes.tags,
        namespace=wishes.namespace,
        production_token=wishes.production_token,
        parameters=tuple(_parameters(flow, include_files)),
        configs=tuple(p.name for _, p in flow._get_parameters() if p.IS_CONFIG_PARAMETER),
        schedules=tuple(_schedules(flow)),
        triggers=tuple(_triggers(flow)),
        sensors=tuple(_sensors(flow)),
        limits=wishes.limits,
        metaflow_version=_metaflow_version(),
        version=__version__,
    )
    _check_parameters(plan)
    _check_sensors(plan)
    return plan


def _order(graph: Any) -> list[str]:
    try:
        return list(graph_of(graph).nodes)
    except GraphError as error:
        raise Refusal(str(error)) from None


def _step(node: Any, state: Any) -> Step:
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
        compute=_compute(decorators),
        environment=_environment_variables(decorators),
        decorators=tuple(
            deco.make_decorator_spec()
            for deco in node.decorators
            if not deco.statically_defined and deco.inserted_by is None
        ),
        executable="" if executable == "python" else executable,
        bootstrap=tuple(state.environment.bootstrap_commands(node.name, state.flow_datastore.TYPE)),
    )


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


def _compute(decorators: dict[str, Any]) -> Compute:
    platform = next((name for name in ("kubernetes", "batch") if name in decorators), "")
    attributes = _plain(decorators[platform].attributes) if platform else {}
    resources = _plain(decorators["resources"].attributes) if "resources" in decorators else {}
    return Compute(platform, attributes, resources)


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


def _runtime(state: Any) -> Runtime:
    datastore = state.flow_datastore
    return Runtime(
        datastore=datastore.TYPE,
        datastore_root=datastore.datastore_root,
        metadata=state.metadata.TYPE,
        environment_type=state.environment.TYPE,
        options=tuple(_options(state)),
        environment=_common_environment(state),
    )


def _options(state: Any) -> Iterator[str]:
    """Options of the flow's command line that every task is started with."""
    from metaflow.decorators import flow_decorators

    for deco in flow_decorators(state.flow):
        for name, value in dict(deco.get_top_level_options()).items():
            yield from _option(name, value)
    yield "--quiet"
    yield "--no-pylint"
    yield f"--metadata={state.metadata.TYPE}"
    yield f"--environment={state.environment.TYPE}"
    yield f"--datastore={state.flow_datastore.TYPE}"
    yield f"--datastore-root={state.flow_datastore.datastore_root}"
    yield f"--event-logger={state.event_logger.TYPE}"
    yield f"--monitor={state.monitor.TYPE}"


def _option(name: str, value: Any) -> Iterator[str]:
    flag = "--" + name.replace("_", "-")
    if value is True:
        yield flag
    elif isinstance(value, (list, tuple)):
        yield from (f"{flag}={item}" for item in value)
    elif value is not None and value is not False:
        yield f"{flag}={value}"


def _common_environment(state: Any) -> dict[str, str]:
    """Variables of every task, as stock Metaflow sets them, without anything secret."""
    from metaflow import metaflow_config as config
    from metaflow.metaflow_config_funcs import config_values
    from metaflow.user_configs.config_options import ConfigInput

    owner = _owner()
    datastore = state.flow_datastore
    variables = {
        "METAFLOW_FLOW_NAME": state.flow.name,
        "METAFLOW_OWNER": owner,
        "METAFLOW_USER": owner,
        "METAFLOW_DEFAULT_DATASTORE": datastore.TYPE,
        "METAFLOW_DEFAULT_METADATA": state.metadata.TYPE,
        "METAFLOW_SERVICE_URL": config.SERVICE_INTERNAL_URL,
        "METAFLOW_DATASTORE_SYSROOT_S3": config.DATASTORE_SYSROOT_S3,
        "METAFLOW_DATATOOLS_S3ROOT": config.DATATOOLS_S3ROOT,
        "METAFLOW_CARD_S3ROOT": config.CARD_S3ROOT,
        "METAFLOW_S3_ENDPOINT_URL": config.S3_ENDPOINT_URL,
        "METAFLOW_S3_SERVER_SIDE_ENCRYPTION": config.S3_SERVER_SIDE_ENCRYPTION,
        "METAFLOW_DATASTORE_SYSROOT_GS": config.DATASTORE_SYSROOT_GS,
        "METAFLOW_CARD_GSROOT": config.CARD_GSROOT,
        "METAFLOW_DATASTORE_SYSROOT_AZURE": config.DATASTORE_SYSROOT_AZURE,
        "METAFLOW_CARD_AZUREROOT": config.CARD_AZUREROOT,
        "METAFLOW_AZURE_STORAGE_BLOB_SERVICE_ENDPOINT": config.AZURE_STORAGE_BLOB_SERVICE_ENDPOINT,
        "METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE": config.DEFAULT_SECRETS_BACKEND_TYPE,
        "METAFLOW_AWS_SECRETS_MANAGER_DEFAULT_REGION": config.AWS_SECRETS_MANAGER_DEFAULT_REGION,
        "METAFLOW_GCP_SECRET_MANAGER_PREFIX": config.GCP_SECRET_MANAGER_PREFIX,
        "METAFLOW_AZURE_KEY_VAULT_PREFIX": config.AZURE_KEY_VAULT_PREFIX,
        "METAFLOW_DATASTORE_SYSROOT_LOCAL": _local_root(state),
    }
    for name, value in config_values():
        if name.startswith(("METAFLOW_CONDA_", "METAFLOW_DEBUG_")):
            variables[name] = value
    configs = {
        p.name: ConfigInput.make_key_name(p.name)
        for _, p in state.flow._get_parameters()
        if p.IS_CONFIG_PARAMETER
    }
    if configs:
        variables["METAFLOW_FLOW_CONFIG_VALUE"] = json.dumps(configs)
    known = {name: str(value) for name, value in sorted(variables.items()) if value is not None}
    for name, value in known.items():
        if "://" in value and urlparse(value).password:
            raise Refusal(
                f"{name} holds a password, and a plan is no place for one",
                remedy="leave it out of the address; on Airflow the connection metaflow_default can hold it",
            )
    return known


def _local_root(state: Any) -> str | None:
    """Where local data and local metadata are, which tasks would else look for below their own folder."""
    from metaflow.metaflow_config import DATASTORE_LOCAL_DIR
    from metaflow.plugins.datastores.local_storage import LocalStorage

    if "local" not in (state.flow_datastore.TYPE, state.metadata.TYPE):
        return None
    root: str = LocalStorage.get_datastore_root_from_config(lambda *_, **__: None)
    return os.path.dirname(root) if os.path.basename(root) == DATASTORE_LOCAL_DIR else root


def _owner() -> str:
    from metaflow.util import get_username

    return str(get_username())


def _metaflow_version() -> str:
    from metaflow.metaflow_version import get_version

    return str(get_version(public=True)).split("+")[0]


def _project() -> Project | None:
    from metaflow import current

    if not current.get("project_name"):
        return None
    return Project(current.project_name, current.branch_name, bool(current.is_production))


def _parameters(flow: Any, include_files: bool) -> Iterator[Parameter]:
    for _, parameter in flow._get_parameters():
        if not parameter.IS_CONFIG_PARAMETER:
            yield _parameter(parameter, include_files)


def _parameter(parameter: Any, include_files: bool) -> Parameter:
    from metaflow.includefile import FilePathClass
    from metaflow.parameters import DeployTimeField, JSONTypeClass, deploy_time_eval

    given = parameter.kwargs.get("default")
    kind = parameter.kwargs.get("type")
    is_file = isinstance(kind, FilePathClass)
    default = deploy_time_eval(given) if include_files or not is_file else None
    if is_file:
        name = "file"
    elif isinstance(kind, JSONTypeClass) or kind in (dict, list):
        name = "json"
    else:
        name = getattr(kind, "__name__", "str")
    if name not in ("str", "int", "float", "bool", "json", "file"):
        raise Refusal(
            f"parameter {parameter.name} has the type {name}, which no engine can carry",
            remedy="use str, int, float, bool, JSONType or IncludeFile",
        )
    return Parameter(
        name=parameter.name,
        type=name,
        required=bool(parameter.kwargs.get("required")) and given is None,
        default=_typed(parameter.name, name, default),
        deploy_time=isinstance(given, DeployTimeField),
        help=parameter.kwargs.get("help") or "",
    )


def _typed(parameter: str, kind: str, default: Any) -> Any:
    """The default as its own type: computed ones come as text, JSON ones as either."""
    if default is None:
        return None
    if kind == "json" and isinstance(default, str):
        try:
            return json.loads(default)
        except ValueError as error:
            raise Refusal(f"the default of parameter {parameter} is not JSON: {error}") from None
    if kind == "bool" and isinstance(default, str):
        return default == "True"
    return {"int": int, "float": float}.get(kind, lambda value: value)(default)


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


def _check_parameters(plan: FlowPlan) -> None:
    seen: set[str] = set()
    for name in [*(p.name for p in plan.parameters), *plan.configs]:
        if name.lower() in seen:
            raise Refusal(
                f"Parameter {name} is specified twice. Note that parameter names are case-insensitive.",
                remedy="rename one of them",
            )
        seen.add(name.lower())
    for parameter in plan.parameters:
        if parameter.required and plan.schedules:
            raise Refusal(
                f"parameter {parameter.name} is required, but a scheduled run gives no values",
                decorator="schedule",
                remedy="give the parameter a default or remove the schedule",
            )
