"""State machines, and the scopes of states inside them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from . import render
from .node import Node
from .parts import ProcessorConfig
from .state import Chain, State, chain

C = TypeVar("C", bound="Scope")

JSONATA = "JSONata"
JSONPATH = "JSONPath"


@dataclass(frozen=True, kw_only=True, repr=False)
class Scope(Node):
    """States that lead to each other: a machine's own, a branch's, a Map's processor's.

    Attributes:
        states: name -> state. The names are those of the states.
    """

    comment: str | None = None
    start_at: str
    states: Mapping[str, State]

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, state in self.states.items():
            if name != state.name:
                raise ValueError(
                    f"State {state.name!r} is given under the name {name!r}; use by_name(states)"
                )

    @classmethod
    def of(cls: type[C], *steps: State | Chain, **fields: Any) -> C:
        """The scope that runs the steps one after the other: `Next` and `End` are filled in.

        Raises:
            ValueError: two states of one name, or something behind a Succeed or Fail.

        Example:
            >>> StateMachine.of(Pass("a"), Pass("b"), query_language="JSONata").to_dict()["StartAt"]
            'a'
        """
        steps_in_order = chain(*steps).ended()
        return cls(start_at=steps_in_order.start, states=by_name(steps_in_order), **fields)

    def walk(self) -> Iterator[State]:
        """Every state, those inside Parallel and Map states too, each before what is inside it."""
        for state in self.states.values():
            yield state
            for scope in state.scopes():
                yield from scope.walk()

    def find(self, name: str) -> State:
        """The state of that name, wherever it is nested.

        Raises:
            LookupError: there is none.
        """
        for state in self.walk():
            if state.name == name:
                return state
        raise LookupError(f"There is no state {name!r}; there are: {', '.join(s.name for s in self.walk())}")

    def map_states(self: C, change: Callable[[State], State]) -> C:
        """A copy with every state replaced by what `change` returns for it, inner ones before outer ones.

        Example:
            >>> machine.map_states(lambda s: s.replace(timeout_seconds=600) if isinstance(s, Task) else s)
        """
        states = (
            change(state.with_scopes(lambda scope: scope.map_states(change)))
            for state in self.states.values()
        )
        return dataclasses.replace(self, states=by_name(states))

    def with_state(self: C, name: str, /, **changes: Any) -> C:
        """A copy with fields of one state changed, wherever it is nested.

        Raises:
            LookupError: there is no state of that name.
            TypeError: the state has no such field.

        Example:
            >>> machine.with_state("train", retry=(Retry(error_equals=("States.ALL",), max_attempts=2),))
        """
        self.find(name)
        return self.map_states(lambda state: state.replace(**changes) if state.name == name else state)


@dataclass(frozen=True, kw_only=True, repr=False)
class Branch(Scope):
    """One branch of a Parallel state.

    Example:
        >>> Branch.of(Pass("left"))
    """


@dataclass(frozen=True, kw_only=True, repr=False)
class ItemProcessor(Scope):
    """What a Map state runs for each item.

    Example:
        >>> ItemProcessor.of(Pass("each"), processor_config=ProcessorConfig(mode="INLINE"))
    """

    processor_config: ProcessorConfig | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class StateMachine(Scope):
    """A whole definition.

    https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html

    Attributes:
        query_language: `JSONPath` (when not given) or `JSONata`, for states that do not say it themselves.
        timeout_seconds: an execution that takes longer ends as timed out.

    Example:
        >>> machine = StateMachine.of(Pass("hello", output={"greeting": "hi"}), query_language="JSONata")
        >>> machine.states["hello"].output
        {'greeting': 'hi'}
        >>> machine.to_json()
        '{"QueryLanguage":"JSONata","StartAt":"hello","States":{"hello":{"End":true,...}}}'
    """

    query_language: str | None = None
    version: str | None = None
    timeout_seconds: int | None = None

    def to_json(self) -> str:
        """The definition as compact JSON: equal machines give equal text."""
        return render.compact(self.to_dict())

    def digest(self) -> str:
        """SHA-256 of `to_json()`, in hex: the address of this very definition."""
        return render.digest(self.to_dict())


def by_name(states: Iterable[State]) -> dict[str, State]:
    """States under their names.

    Raises:
        ValueError: two have the same name.
    """
    named: dict[str, State] = {}
    for state in states:
        if state.name in named:
            raise ValueError(f"There are two states {state.name!r}; state names are unique")
        named[state.name] = state
    return named
