"""The eight types of states. Their fields have ASL's names in snake_case.

Fields that only JSONPath states have come last in each class; `check` tells when languages are mixed.
https://states-language.net/spec.html
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from .expression import Expression
from .machine import Branch, ItemProcessor, Scope
from .node import Null
from .parts import Catch, ChoiceRule, ItemBatcher, ItemReader, ResultWriter, Retry
from .state import State

F = TypeVar("F", bound="_Flowing")


@dataclass(frozen=True, kw_only=True, repr=False)
class _Flowing(State):
    """States that lead to one other state, or end their scope."""

    output: Any = None
    assign: Mapping[str, Any] | None = None
    next: str | None = None
    end: bool | None = None
    input_path: str | Null | None = None
    output_path: str | Null | None = None

    @property
    def is_open(self) -> bool:
        """Whether it does not say yet what comes after it."""
        return self.next is None and self.end is None

    def leading_to(self: F, name: str) -> F:
        """The state with its open end leading to the state of that name."""
        return dataclasses.replace(self, next=name, end=None) if self.is_open else self

    def ended(self: F) -> F:
        """The state as the last one of its scope."""
        return dataclasses.replace(self, end=True)


@dataclass(frozen=True, kw_only=True, repr=False)
class _Working(_Flowing):
    """States that have a result and can fail."""

    retry: tuple[Retry, ...] | None = None
    catch: tuple[Catch, ...] | None = None
    parameters: Any = None
    result_selector: Any = None
    result_path: str | Null | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Task(_Working):
    """Work done by a service: a Batch job, a Lambda function, any call of AWS's API.

    https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html

    Attributes:
        resource: ARN of the integration, as in `arn:aws:states:::batch:submitJob.sync`.
        arguments: what is passed to it, with JSONata anywhere inside. Names are in PascalCase.
        output: the next state's input; without it, the result.
        assign: variables set when it is done.

    Example:
        >>> Task("train", resource="arn:aws:states:::batch:submitJob.sync",
        ...      arguments={"JobName": "train-" & states.input.id, "JobQueue": "q", "JobDefinition": "d:1"})
    """

    type: ClassVar[str] = "Task"

    resource: str | None = None
    arguments: Any = None
    timeout_seconds: int | str | Expression | None = None
    heartbeat_seconds: int | str | Expression | None = None
    credentials: Any = None
    timeout_seconds_path: str | None = None
    heartbeat_seconds_path: str | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Pass(_Flowing):
    """No work: passes its input on, or data made from it.

    https://docs.aws.amazon.com/step-functions/latest/dg/state-pass.html

    Example:
        >>> Pass("init", assign={"run": states.context.Execution.Name}, output=states.input)
    """

    type: ClassVar[str] = "Pass"

    result: Any = None
    parameters: Any = None
    result_path: str | Null | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Choice(State):
    """Goes on where the first rule that holds says, else to `default`.

    https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html

    Example:
        >>> more = ChoiceRule(condition=states.input.n > 0, next="work")
        >>> Choice("any left?", choices=(more,), default="done")
    """

    type: ClassVar[str] = "Choice"

    choices: tuple[ChoiceRule, ...] | None = None
    default: str | None = None
    output: Any = None
    assign: Mapping[str, Any] | None = None
    input_path: str | Null | None = None
    output_path: str | Null | None = None

    @property
    def is_open(self) -> bool:
        """Whether it does not say yet what comes after it."""
        return self.default is None

    def leading_to(self, name: str) -> Choice:
        """The state with its open end leading to the state of that name."""
        return dataclasses.replace(self, default=name) if self.is_open else self


@dataclass(frozen=True, kw_only=True, repr=False)
class Wait(_Flowing):
    """Waits for some seconds, or until a time.

    https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html

    Example:
        >>> Wait("cool down", seconds=60)
    """

    type: ClassVar[str] = "Wait"

    seconds: int | str | Expression | None = None
    timestamp: str | Expression | None = None
    seconds_path: str | None = None
    timestamp_path: str | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Succeed(State):
    """Ends its scope as a success.

    https://docs.aws.amazon.com/step-functions/latest/dg/state-succeed.html
    """

    type: ClassVar[str] = "Succeed"

    output: Any = None
    input_path: str | Null | None = None
    output_path: str | Null | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Fail(State):
    """Ends the execution as a failure.

    https://docs.aws.amazon.com/step-functions/latest/dg/state-fail.html

    Example:
        >>> Fail("no such branch", error="Metaflow.UnknownTransition", cause="next is " & states.input.next)
    """

    type: ClassVar[str] = "Fail"

    error: str | Expression | None = None
    cause: str | Expression | None = None
    error_path: str | None = None
    cause_path: str | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Parallel(_Working):
    """Runs branches at the same time; the result is the list of their outputs, in the branches' order.

    https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html

    Example:
        >>> Parallel("both", branches=(Branch.of(Pass("left")), Branch.of(Pass("right"))))
    """

    type: ClassVar[str] = "Parallel"

    branches: tuple[Branch, ...] | None = None
    arguments: Any = None

    def scopes(self) -> tuple[Scope, ...]:
        """The scopes inside the state."""
        return self.branches or ()

    def with_scopes(self, change: Callable[[Any], Any]) -> Parallel:
        """The state with each scope in it replaced by what `change` returns for it."""
        if self.branches is None:
            return self
        return dataclasses.replace(self, branches=tuple(change(branch) for branch in self.branches))


@dataclass(frozen=True, kw_only=True, repr=False)
class Map(_Working):
    """Runs a processor for each item; the result is the list of the outputs, in the items' order.

    https://docs.aws.amazon.com/step-functions/latest/dg/state-map.html

    Attributes:
        items: the array to go over (JSONata); `items_path` in JSONPath.
        item_processor: the states to run, and how: inline or distributed.
        item_selector: an iteration's input, made from `$states.context.Map.Item.Value`.
        max_concurrency: iterations that run at once; 0: as many as AWS allows.
        item_reader: reads the items from S3 instead (distributed only), as are all that follow here:
            item_batcher, result_writer, tolerated_failure_count, tolerated_failure_percentage (0-100) and
            label (at most 40 characters, part of the children's names).
        iterator: the old name of `item_processor`.

    Example:
        >>> Map("each", items=interval(0, states.input.n - 1), max_concurrency=10,
        ...     item_processor=ItemProcessor.of(Pass("one")))
    """

    type: ClassVar[str] = "Map"

    items: Any = None
    item_processor: ItemProcessor | None = None
    item_selector: Any = None
    max_concurrency: int | str | Expression | None = None
    item_reader: ItemReader | None = None
    item_batcher: ItemBatcher | None = None
    result_writer: ResultWriter | None = None
    tolerated_failure_count: int | str | Expression | None = None
    tolerated_failure_percentage: float | str | Expression | None = None
    label: str | None = None
    iterator: ItemProcessor | None = None
    items_path: str | None = None
    max_concurrency_path: str | None = None
    tolerated_failure_count_path: str | None = None
    tolerated_failure_percentage_path: str | None = None

    @property
    def processor(self) -> ItemProcessor | None:
        """What runs for each item, under its new or its old name."""
        return self.item_processor or self.iterator

    @property
    def is_distributed(self) -> bool:
        """Whether every iteration is a child execution."""
        config = self.processor.processor_config if self.processor else None
        return config is not None and config.mode == "DISTRIBUTED"

    def scopes(self) -> tuple[Scope, ...]:
        """The scopes inside the state."""
        return tuple(scope for scope in (self.item_processor, self.iterator) if scope is not None)

    def with_scopes(self, change: Callable[[Any], Any]) -> Map:
        """The state with each scope in it replaced by what `change` returns for it."""
        return dataclasses.replace(
            self,
            item_processor=self.item_processor and change(self.item_processor),
            iterator=self.iterator and change(self.iterator),
        )


STATE_TYPES: dict[str, type[State]] = {
    kind.type: kind for kind in (Task, Pass, Choice, Wait, Succeed, Fail, Parallel, Map)
}
