"""A deployment as a list of changes: made in order, undone in reverse when one fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ..aws import Aws, AwsError

CREATE, UPDATE, DELETE, UNCHANGED = "create", "update", "delete", "unchanged"

Undo = Callable[[], None]


@dataclass(frozen=True)
class Change:
    """What happens to one object in AWS.

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
    do: Callable[[Aws], Undo] | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        return "\n  ".join([f"{self.action} {self.kind} {self.name}", *self.diff])


def apply(aws: Aws, changes: Iterable[Change], tell: Callable[[Change], None] = lambda change: None) -> None:
    """Make the changes in their order. When one fails, those made before it are undone, the last one first.

    Args:
        aws: where.
        changes: what.
        tell: is told of each change just before it is made.

    Raises:
        AwsError: a change failed; the text says what became of the others.
    """
    undos: list[tuple[Change, Undo]] = []
    for change in changes:
        if change.do is None:
            continue
        try:
            tell(change)
            undos.append((change, change.do(aws)))
        except AwsError as error:
            raise AwsError(f"{error}; {_undone(undos)}", error.code) from error
        except BaseException:  # Ctrl-C too leaves nothing half done
            _undone(undos)
            raise


def _undone(undos: list[tuple[Change, Undo]]) -> str:
    """Undo changes, and say how that went."""
    left = []
    for change, undo in reversed(undos):
        try:
            undo()
        except AwsError as error:
            left.append(f"to undo the {change.action} of {change.kind} {change.name} failed: {error}")
    if left:
        return f"not everything is as before: {'; '.join(left)}"
    return "all that was changed before has been undone" if undos else "nothing was changed"
