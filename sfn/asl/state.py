"""A state, and states in sequence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from .node import Node

if TYPE_CHECKING:
    from .machine import Scope

S = TypeVar("S", bound="State")


@dataclass(frozen=True, repr=False)
class State(Node):
    """What all states have. `Task`, `Pass`, `Choice` and so on are the classes to use.

    https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html

    Attributes:
        name: unique in the whole machine, at most 80 characters; the key under which it is written.
        query_language: `JSONPath` or `JSONata`; without it, the machine's.

    Example:
        >>> chain = Pass("first") >> Wait("pause", seconds=5) >> Succeed("done")
    """

    type: ClassVar[str] = ""

    name: str = field(metadata={"written": False})
    comment: str | None = field(default=None, kw_only=True)
    query_language: str | None = field(default=None, kw_only=True)

    def __rshift__(self, following: State | Chain) -> Chain:
        return chain(self, following)

    def to_dict(self) -> dict[str, Any]:
        """The JSON object, without the name."""
        return {"Type": self.type, **super().to_dict()}

    @property
    def is_open(self) -> bool:
        """Whether the state does not say yet what comes after it."""
        return False

    def leading_to(self: S, name: str) -> S:
        """The state with its open end leading to the state of that name."""
        raise ValueError(f"State {self.name!r} ends the execution ({self.type}); nothing can follow it")

    def ended(self: S) -> S:
        """The state as the last one of its scope."""
        return self

    def scopes(self) -> tuple[Scope, ...]:
        """The scopes inside the state: a Parallel's branches, a Map's processor."""
        return ()

    def with_scopes(self: S, change: Callable[[Any], Any]) -> S:
        """The state with every scope directly inside it replaced by what `change` returns for it."""
        return self


@dataclass(frozen=True)
class Chain:
    """States that belong together; what they leave open leads on to what is put behind them.

    `a >> b` and `chain(a, b)` make one. `StateMachine.of`, `Branch.of` and `ItemProcessor.of` take it.
    """

    states: tuple[State, ...]

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for state in self.states:
            if state.name in seen:
                raise ValueError(f"State {state.name!r} is in the chain twice; state names are unique")
            seen.add(state.name)

    def __rshift__(self, following: State | Chain) -> Chain:
        return chain(self, following)

    def __iter__(self) -> Iterator[State]:
        return iter(self.states)

    @property
    def start(self) -> str:
        """Name of the state that the chain starts with."""
        return self.states[0].name

    def alongside(self, *others: State | Chain) -> Chain:
        """The chain with more states that are reached from it by name: a Choice's targets, a Catch's.

        What they leave open leads on to the same state as what the chain leaves open.

        Example:
            >>> big = ChoiceRule(condition=states.input.n > 9, next="big")
            >>> route = Choice("size?", choices=(big,), default="small")
            >>> chain(route).alongside(Pass("big"), Pass("small")) >> Pass("go on")
        """
        return Chain(sum((as_chain(other).states for other in others), self.states))

    def ended(self) -> Chain:
        """The chain with all that is open marked as the end."""
        return Chain(tuple(state.ended() if state.is_open else state for state in self.states))


def chain(first: State | Chain, *following: State | Chain) -> Chain:
    """States one after the other: `Next` is filled in where it is open.

    A Choice leads on by its `Default`.

    Raises:
        ValueError: nothing is open that could lead on, or a name comes twice.

    Example:
        >>> [state.next for state in chain(Pass("a"), Pass("b"))]
        ['b', None]
    """
    linked = list(as_chain(first))
    open_at = [index for index, state in enumerate(linked) if state.is_open]
    for part in following:
        tail = as_chain(part)
        # Without an open end the last state says why nothing can follow.
        for index in open_at or [-1]:
            linked[index] = linked[index].leading_to(tail.start)
        open_at = [len(linked) + index for index, state in enumerate(tail) if state.is_open]
        linked += tail
    return Chain(tuple(linked))


def as_chain(part: State | Chain) -> Chain:
    """The part itself, or the chain of that one state."""
    return Chain((part,)) if isinstance(part, State) else part
