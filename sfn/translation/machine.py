"""From a plan to a state machine: one Task state per step, and helpers between them. Pure, and offline.

| step | states |
| --- | --- |
| linear, join | `step` |
| split | `step`, `step.split` (Parallel) |
| foreach | `step`, `step.each` (Map); an inline Map needs `step.read`, which reads the number of items |
| switch | `step`, `step.read`, `step.choice`; `step.done` ends the branch where it leads to its join |
| `@parallel` | `step`, `step.read`, and the gang as one job of several nodes |

The first job gets the run's parameters in its environment, which Batch limits. Longer ones make the first
state fail before it submits anything; its catch leads to `parameters.put`, which stores them, and back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlparse

from metaflow_extensions.orchestrators.core.graph import Graph, Node
from metaflow_extensions.orchestrators.core.hand_over import folder
from metaflow_provider.plan import Step

from ..asl import (
    Branch,
    Catch,
    Choice,
    ChoiceRule,
    Fail,
    ItemProcessor,
    ItemReader,
    Map,
    Parallel,
    Pass,
    ProcessorConfig,
    ReaderConfig,
    Retry,
    State,
    StateMachine,
    Task,
    by_name,
    call,
    constant,
    if_,
    interval,
    literal,
    states,
)
from ..comment import comment_of
from ..schedule import schedule_request
from .checks import check_jobs
from .jobs import JobDefinition
from .names import label, state_name
from .place import (
    PLACE,
    RUN,
    after_iteration,
    first_place,
    iterations,
    place_of_item,
    task_id,
)
from .translator import Translator

_PARAMETERS_STATE = state_name("parameters", "put")
# In the input that `parameters.put` hands on: the values are in the datastore.
_STORED = "metaflow-stored"
# A character is up to six bytes of the 8,192 that a job's overrides may have.
_LONGEST_IN_ENVIRONMENT = 1000
_TOO_LONG = "States.QueryEvaluationError"
# What a branch or an iteration answers: less than anything else, since Map collects it. An expression, since
# validators know of no numbers here.
_NOTHING = literal(0)


@dataclass(frozen=True)
class Translation:
    """A flow as native objects.

    Attributes:
        machine: the definition.
        job_definitions: those that it names, by name.
        schedule: arguments of EventBridge Scheduler's CreateSchedule, but for what it starts; `None` without
            `@schedule`.
    """

    machine: StateMachine
    job_definitions: dict[str, JobDefinition]
    schedule: dict[str, Any] | None


def translate(translator: Translator) -> Translation:
    """The state machine and the job definitions of the translator's plan.

    Raises:
        Refusal: something that AWS does not take.
    """
    return _Translation(translator).translation()


class _Translation:
    def __init__(self, translator: Translator) -> None:
        self._translator = translator
        self._plan = translator.plan
        self._graph: Graph = translator.plan.graph
        self._arn = f"arn:{translator.settings.partition}:states:::"
        address = urlparse(self._plan.runtime.datastore_root)
        self._bucket = address.netloc
        self._folder = f"{address.path}/{folder(self._plan.flow)}/".lstrip("/")
        self._jobs = {step.name: self._job(step) for step in self._plan.steps}

    def _job(self, step: Step) -> JobDefinition:
        job = self._translator.job_definition(step)
        check_jobs(step, job, self._translator.tags(step))
        return job

    def translation(self) -> Translation:
        plan = self._plan
        scope = list(self._scope(()))
        start = state_name(self._graph.start)
        loops = self._graph[self._graph.start].loop
        # A looping step's state takes the same input whenever it runs.
        if plan.parameters:
            scope.insert(0, self._parameters(start, first_place() if loops else {_STORED: True}))
            start = _PARAMETERS_STATE if loops else start
        elif loops:
            scope.insert(0, Pass(state_name(start, "begin"), output=first_place(), next=start))
            start = state_name(start, "begin")
        machine = StateMachine(
            comment=comment_of(plan),
            query_language="JSONata",
            start_at=start,
            states=by_name(scope),
            timeout_seconds=plan.limits.workflow_timeout,
        )
        jobs = {job.name: job for job in self._jobs.values()}
        return Translation(machine, jobs, schedule_request(plan))

    def _scope(self, branches: tuple[str, ...]) -> Iterator[State]:
        """States of the steps that are in these branches and no further one."""
        for node in self._graph.nodes.values():
            # A gang is one job, and needs no scope of its own.
            own = node.branches[:-1] if node.gang else node.branches
            if own == branches:
                yield from self._step(node)

    def _step(self, node: Node) -> Iterable[State]:
        if node.kind == "split":
            return self._split(node)
        if node.gang_split:
            return self._gang_split(node)
        if node.kind == "foreach":
            return self._foreach(node)
        if node.kind == "switch":
            return self._switch(node)
        return [self._task(node, **self._onward(node, node.children))]

    def _onward(self, node: Node, children: tuple[str, ...]) -> dict[str, Any]:
        """Where the last state of a step leads, and what it answers."""
        if not children:
            return {"end": True, "output": PLACE if not node.branches else _NOTHING}
        (child,) = children
        if self._closes(node, child):
            return {"end": True, "output": _NOTHING}
        return {"next": state_name(child), "output": PLACE}

    def _closes(self, node: Node, child: str) -> bool:
        """Whether the way from `node` to `child` leaves the branch that `node` is in."""
        return bool(not node.gang and len(self._graph[child].branches) < len(node.branches))

    def _split(self, node: Node) -> Iterator[State]:
        assert node.join is not None
        yield self._task(node, next=state_name(node.step, "split"), output=PLACE)
        yield Parallel(
            state_name(node.step, "split"),
            branches=tuple(self._branch(Branch, node, child) for child in node.children),
            output=PLACE,
            next=state_name(node.join),
        )

    def _branch(self, kind: Any, node: Node, child: str, **fields: Any) -> Any:
        inside = by_name(self._scope((*node.branches, child)))
        return kind(start_at=state_name(child), states=inside, **fields)

    def _foreach(self, node: Node) -> Iterator[State]:
        assert node.join is not None
        translator, step = self._translator, self._plan.step(node.step)
        distributed = translator.distributed(step)
        first = state_name(node.step, "each" if distributed else "read")
        yield self._task(node, next=first, output=PLACE, hand_over="items" if distributed else "record")
        fields: dict[str, Any] = {}
        if distributed:
            fields["item_reader"] = ItemReader(
                resource=f"{self._arn}s3:getObject",
                reader_config=ReaderConfig(input_type="JSON"),
                arguments=self._record(node),
            )
            fields["label"] = label(node.step)
            # Of a Map's failures the one that is not its items'.
            fields["retry"] = _again("States.ItemReaderFailed")
            config = ProcessorConfig(mode="DISTRIBUTED", execution_type="STANDARD")
        else:
            yield self._read(node, self._with(n=_said("n")), state_name(node.step, "each"))
            fields["items"] = interval(0, PLACE.n - 1)
            config = ProcessorConfig(mode="INLINE")
        yield Map(
            state_name(node.step, "each"),
            item_processor=self._branch(ItemProcessor, node, node.children[0], processor_config=config),
            item_selector=place_of_item(),
            max_concurrency=translator.max_concurrency(step),
            output=PLACE,
            next=state_name(node.join),
            **fields,
        )

    def _gang_split(self, node: Node) -> Iterator[State]:
        yield self._task(node, next=state_name(node.step, "read"), output=PLACE, hand_over="record")
        yield self._read(node, self._with(n=_said("n")), state_name(node.children[0]))

    def _switch(self, node: Node) -> Iterator[State]:
        read, choice, done = (state_name(node.step, role) for role in ("read", "choice", "done"))
        yield self._task(node, next=read, output=PLACE, hand_over="record")
        place = after_iteration(node.step) if node.loop else PLACE
        yield self._read(node, call("merge", [place, {"to": _said("next")[0]}]), choice)
        rules = []
        ways = [*node.children, *([node.step] if node.loop else [])]
        for child in ways:
            closes = self._closes(node, child)
            rules.append(ChoiceRule(condition=PLACE.to == child, next=done if closes else state_name(child)))
        lost = state_name(node.step, "lost")
        yield Choice(choice, choices=tuple(rules), default=lost)
        yield Fail(lost, error="Metaflow.UnknownStep", cause="the switch chose " & call("string", PLACE.to))
        if any(self._closes(node, child) for child in ways):
            yield Pass(done, end=True, output=_NOTHING)

    def _task(self, node: Node, *, hand_over: str = "", **fields: Any) -> Task:
        step = self._plan.step(node.step)
        is_first = node.step == self._graph.start
        begins = is_first and not node.loop
        takes_parameters = bool(is_first and self._plan.parameters)
        if begins and fields["output"] is PLACE:
            fields["output"] = first_place()
        task = "t" if begins else task_id(node)
        environment = {
            "METAFLOW_RUN_ID": RUN if begins else PLACE.run,
            "METAFLOW_STEP_NAME": node.step,
            "METAFLOW_ORCHESTRATORS_TASK": task,
            "METAFLOW_ORCHESTRATORS_HAND_OVER": hand_over or None,
            "METAFLOW_ORCHESTRATORS_ITERATIONS": iterations(self._graph, node),
            "METAFLOW_ORCHESTRATORS_PARAMETERS": _parameters_place(begins) if takes_parameters else None,
        }
        overrides = {
            "Environment": [
                {"Name": name, "Value": value} for name, value in environment.items() if value is not None
            ]
        }
        arguments: dict[str, Any] = {
            "JobName": literal(f"{self._translator.job_name(step)}-") & task,
            "JobQueue": constant(self._translator.queue(step)),
            "JobDefinition": self._jobs[node.step].name,
        }
        if node.gang:
            nodes = {"TargetNodes": "0:", "ContainerOverrides": overrides}
            arguments["NodeOverrides"] = {"NumNodes": PLACE.n, "NodePropertyOverrides": [nodes]}
        else:
            arguments["ContainerOverrides"] = overrides
        tags = constant(self._translator.tags(step))
        if self._translator.settings.emit_tags:
            tags = {**tags, "metaflow.run_id": environment["METAFLOW_RUN_ID"]}
        if tags:
            arguments["Tags"] = tags
        retry = self._translator.retry(step)
        if begins and takes_parameters:
            retry = (Retry(error_equals=(_TOO_LONG,), max_attempts=0), *retry)
            fields["catch"] = (Catch(error_equals=(_TOO_LONG,), next=_PARAMETERS_STATE, output=states.input),)
        return Task(
            state_name(node.step),
            resource=f"{self._arn}batch:submitJob.sync",
            arguments=arguments,
            retry=retry or None,
            **fields,
        )

    def _parameters(self, following: str, output: dict[str, Any]) -> Task:
        """Puts the values that the run was started with where its first task reads them."""
        # Whatever else fails the first state's expressions comes here once, not for ever.
        body = if_(
            call("exists", _stored()), call("error", "the first state failed again"), _given_parameters()
        )
        arguments: dict[str, Any] = {
            "Bucket": self._bucket,
            "Key": self._folder & RUN & "/parameters.json",
            "Body": body,
        }
        encryption = self._plan.runtime.environment.get("METAFLOW_S3_SERVER_SIDE_ENCRYPTION")
        if encryption:
            arguments["ServerSideEncryption"] = encryption
        return Task(
            _PARAMETERS_STATE,
            resource=f"{self._arn}aws-sdk:s3:putObject",
            arguments=arguments,
            retry=_again("States.ALL"),
            output=output,
            next=following,
        )

    def _read(self, node: Node, output: Any, following: str) -> Task:
        return Task(
            state_name(node.step, "read"),
            resource=f"{self._arn}aws-sdk:s3:getObject",
            arguments=self._record(node),
            retry=_again("States.ALL"),
            output=output,
            next=following,
        )

    def _record(self, node: Node) -> dict[str, Any]:
        key = self._folder & PLACE.run & f"/{node.step}/" & task_id(node) & ".json"
        return {"Bucket": self._bucket, "Key": key}

    def _with(self, **values: Any) -> Any:
        return call("merge", [PLACE, values])


def _given_parameters() -> Any:
    """JSON of the values that the execution was started with."""
    given = states.input.Parameters
    text = if_(call("type", given) == "string", given, call("string", given))
    return if_(call("exists", given), text, "{}")


def _stored() -> Any:
    return states.input[_STORED]


def _parameters_place(in_environment: bool) -> Any:
    """What tells the first task where the values are."""
    if not in_environment:
        return "given"
    text = _given_parameters()
    long = call("length", text) > _LONGEST_IN_ENVIRONMENT
    return if_(
        call("exists", _stored()), "given", if_(long, call("error", "long parameters"), "text:" & text)
    )


def _said(name: str) -> Any:
    """A field of the record that the task left."""
    return call("parse", states.result.Body)[name]


def _again(error: str) -> tuple[Retry, ...]:
    return (Retry(error_equals=(error,), interval_seconds=1, max_attempts=5, backoff_rate=2),)
