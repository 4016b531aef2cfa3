"""The FlowPlan: one description of a flow, which every engine reads.

Plain data: frozen dataclasses of strings, numbers, tuples and dicts. Which steps lead where is stored
once, as each step's own transitions; scopes, parents and joins follow from them (`FlowPlan.graph`).
No credential and no service header is ever in a plan.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from metaflow_extensions.orchestrators.core.graph import Graph, Transition, build_graph

SCHEMA = 1


@dataclass(frozen=True)
class Child:
    """A step that a step leads to. `cases` are the values of the switch's condition that lead there."""

    step: str
    cases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Retry:
    """How often a step is tried again.

    Attributes:
        user_retries: retries that run the user's code, from `@retry(times=)`.
        error_retries: further ones for a lost or killed task, from `@catch`; the last stores the failure.
        minutes_between: delay before each, from `@retry(minutes_between_retries=)`.
    """

    user_retries: int = 0
    error_retries: int = 0
    minutes_between: int = 0

    @property
    def engine_retries(self) -> int:
        """What the engine is told: Metaflow takes six attempts of a task, so at most five retries."""
        return self.user_retries + self.error_retries


@dataclass(frozen=True)
class Compute:
    """What a step asks of the machine that runs it.

    Attributes:
        platform: `kubernetes` or `batch` when the step has that decorator, else empty.
        attributes: every attribute of that decorator, defaults included.
        resources: attributes of `@resources`, which count for every platform.
    """

    platform: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    resources: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One step of a flow.

    Attributes:
        line: line of the flow file where the step is defined.
        kind: `linear`, `split`, `foreach`, `switch` or `join`.
        children: steps it leads to, in the order of `self.next`; a looping switch names itself.
        foreach: artifact that a foreach goes over.
        condition: artifact that a switch looks at.
        gang_split: the step starts a gang (`num_parallel`).
        timeout: limit in seconds from `@timeout`.
        environment: variables from `@environment`.
        decorators: specs that the task must be started with (`--with`), beyond those in the flow file.
        executable: shell text that starts the step's Python (conda, uv); empty: the worker's own.
        bootstrap: bash lines that make that Python, to be run once in the unpacked package.
    """

    name: str
    kind: str
    doc: str = ""
    line: int = 0
    children: tuple[Child, ...] = ()
    foreach: str = ""
    condition: str = ""
    gang_split: bool = False
    retry: Retry = Retry()
    timeout: int | None = None
    compute: Compute = Compute()
    environment: dict[str, str] = field(default_factory=dict)
    decorators: tuple[str, ...] = ()
    executable: str = ""
    bootstrap: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parameter:
    """A flow's parameter.

    Attributes:
        type: `str`, `int`, `float`, `bool`, `json` or `file` (IncludeFile).
        default: the value when none is given, evaluated at deploy time; `None` when there is none.
        deploy_time: the default was computed when the flow was compiled, so tasks cannot know it.
    """

    name: str
    type: str
    required: bool = False
    default: Any = None
    deploy_time: bool = False
    help: str = ""


@dataclass(frozen=True)
class Schedule:
    """`cron` has five fields; `timezone` is an IANA name, empty for UTC."""

    cron: str
    timezone: str = ""


@dataclass(frozen=True)
class Trigger:
    """A flow decorator that starts runs or follows them: `trigger`, `trigger_on_finish` or `exit_hook`."""

    decorator: str
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Sensor:
    """What a run waits for first: `airflow_external_task_sensor` or `airflow_s3_key_sensor`."""

    decorator: str
    name: str
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Project:
    """`@project`: `branch` is the full name, such as `user.ada`, `test.exp` or `prod`."""

    name: str
    branch: str
    production: bool = False


@dataclass(frozen=True)
class CodePackage:
    """Where tasks get the flow's code.

    Attributes:
        url: address in the datastore.
        sha: content address.
        digest: sha256 of the packed files without Metaflow's INFO file, which names user and machine.
        metadata: what Metaflow needs to unpack it.
        exports: variables that point into the unpacked package; `{dir}` stands for its folder.
        commands: bash lines that fetch and unpack it in a container, where steps run in containers.
    """

    url: str
    sha: str
    digest: str
    metadata: str = ""
    exports: dict[str, str] = field(default_factory=dict)
    commands: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limits:
    """`max_workers` tasks of a run at a time; `workflow_timeout` in seconds; Airflow's `pool` of tasks."""

    max_workers: int = 100
    workflow_timeout: int | None = None
    pool: str | None = None


@dataclass(frozen=True)
class Runtime:
    """How every task of the flow is started.

    Attributes:
        datastore_root: of the datastore, as Metaflow's `--datastore-root`.
        options: options of the flow's command line before the command (`--datastore`, `--environment` ...).
        environment: variables that every task gets.
    """

    datastore: str
    datastore_root: str
    metadata: str
    environment_type: str
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FlowPlan:
    """Everything an engine needs to know of a flow. See the module's docstring.

    Attributes:
        name: name of the deployment on the engine.
        flow: class name.
        file: name of the flow file.
        steps: in topological order, the first step first.
        configs: names of the flow's `Config`s, whose values travel in the code package.
    """

    name: str
    flow: str
    file: str
    steps: tuple[Step, ...]
    runtime: Runtime
    code: CodePackage | None = None
    doc: str = ""
    owner: str = ""
    project: Project | None = None
    tags: tuple[str, ...] = ()
    namespace: str = ""
    production_token: str = ""
    parameters: tuple[Parameter, ...] = ()
    configs: tuple[str, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    sensors: tuple[Sensor, ...] = ()
    limits: Limits = Limits()
    metaflow_version: str = ""
    version: str = ""
    schema: int = SCHEMA

    @cached_property
    def graph(self) -> Graph:
        """Scopes, parents, joins and branches of the steps."""
        return build_graph(
            (
                Transition(step.name, step.kind, tuple(c.step for c in step.children), step.gang_split)
                for step in self.steps
            ),
            start=self.steps[0].name,
        )

    def step(self, name: str) -> Step:
        """The step called `name`; raises `KeyError` if there is none."""
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Step]:
        return {step.name: step for step in self.steps}
