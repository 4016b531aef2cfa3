"""A deployment as a list of changes: made in order, undone in reverse when one fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

CREATE, UPDATE, DELETE, UNCHANGED = "create", "update", "delete", "unchanged"

Client = TypeVar("Client")
Undo = Callable[[], None]


class ServiceError(Exception):
    """A call of an engine's service that failed; the text is one line.

    Args:
        text: what was done to which object, what the service said, and what to do.
        code: the service's code of the error; empty when the call never got that far.

    Example:
        >>> str(ServiceError("batch:TerminateJob on job/8d6f: AWS is busy; try again", "ThrottlingException"))
        'batch:TerminateJob on job/8d6f: AWS is busy; try again'
    """

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class Change(Generic[Client]):
    """What happens to one object of an engine.

    Attributes:
        action: `create`, `update`, `delete` or `unchanged`.
        kind: what the object is, as in `state machine`.
        name: its name.
        diff: what is different in it, a line each.
        do: makes the change, and returns what takes it back; `None` when there is nothing to do.

    Example:
        >>> print(Change("update", "schedule", "Train", ("~ timezone: UTC -> Asia/Tokyo",)))
        update schedule Train
          ~ timezone: UTC -> Asia/Tokyo
    """

    action: str
    kind: str
    name: str
    diff: tuple[str, ...] = ()
    do: Callable[[Client], Undo] | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        return "\n  ".join([f"{self.action} {self.kind} {self.name}", *self.diff])


def is_empty(changes: Iterable[Change[Any]]) -> bool:
    """Whether all is as it should be."""
    return all(change.action == UNCHANGED for change in changes)


def difference(changes: Iterable[Change[Any]]) -> str:
    """The changes for people to read; empty when there is none."""
    return "\n".join(str(change) for change in changes if change.action != UNCHANGED)


def apply(
    client: Client,
    changes: Iterable[Change[Client]],
    tell: Callable[[Change[Client]], None] = lambda change: None,
) -> None:
    """Make the changes in their order. When one fails, those made before it are undone, the last one first.

    Args:
        client: what the changes are made with.
        changes: what.
        tell: is told of each change just before it is made.

    Raises:
        ServiceError: a change failed; the text says what became of the others. Of the type that was raised.
    """
    undos: list[tuple[Change[Client], Undo]] = []
    for change in changes:
        if change.do is None:
            continue
        try:
            tell(change)
            undos.append((change, change.do(client)))
        except ServiceError as error:
            raise type(error)(f"{error}; {_undone(undos)}", error.code) from error
        except BaseException:  # Ctrl-C too leaves nothing half done
            _undone(undos)
            raise


def _undone(undos: list[tuple[Change[Client], Undo]]) -> str:
    """Undo changes, and say how that went."""
    left = []
    for change, undo in reversed(undos):
        try:
            undo()
        except ServiceError as error:
            left.append(f"to undo the {change.action} of {change.kind} {change.name} failed: {error}")
    if left:
        return f"not everything is as before: {'; '.join(left)}"
    return "all that was changed before has been undone" if undos else "nothing was changed"


def differing_fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """What is different between two sets of fields, a line each.

    Example:
        >>> differing_fields({"zone": "UTC", "old": 1}, {"zone": "Asia/Tokyo"})
        ('~ zone: UTC -> Asia/Tokyo', '- old: 1')
    """
    lines = []
    for name in {**old, **new}:
        if name not in old:
            lines.append(f"+ {name}: {new[name]}")
        elif name not in new:
            lines.append(f"- {name}: {old[name]}")
        elif old[name] != new[name]:
            lines.append(f"~ {name}: {old[name]} -> {new[name]}")
    return tuple(lines)
