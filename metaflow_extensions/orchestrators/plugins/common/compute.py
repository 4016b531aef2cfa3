"""Every step gets the decorator of the platform that its engine uses, as Metaflow attaches it.

What the decorator of another platform says carries over where it means the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .say import say

# Attributes that mean the same for @kubernetes and @batch.
_COMMON = (
    "cpu",
    "gpu",
    "memory",
    "image",
    "shared_memory",
    "use_tmpfs",
    "tmpfs_size",
    "tmpfs_path",
    "tmpfs_tempdir",
)


def attach_platform(state: Any, own: str, other: str, where: str) -> None:
    """Attach `@batch` or `@kubernetes` to the steps without; mutators and `@resources` then have their say.

    Args:
        state: the `obj` of a click command of Metaflow's; its graph is made anew.
        own: name of the decorator.
        other: that of another platform, which gives way to it.
        where: what the engine's platform is called.
    """
    from metaflow import decorators

    replaced = {step.__name__: deco for step in state.flow if (deco := _taken_off(step, other))}
    decorators._attach_decorators(state.flow, [own])
    decorators._process_late_attached_decorator(
        [own], state.flow, state.graph, state.environment, state.flow_datastore, state.logger
    )
    state.graph = state.flow._graph
    for node in state.graph:
        if node.name in replaced:
            [attached] = [deco for deco in node.decorators if deco.name == own]
            _carry_over(node.name, replaced[node.name], attached, where, state.echo)


def _taken_off(step: Any, name: str) -> Any:
    """The step's decorator of this name, which it has no longer: Metaflow refuses two platforms."""
    found = next((deco for deco in step.decorators if deco.name == name), None)
    if found:
        step.decorators.remove(found)
    return found


def _carry_over(step: str, other: Any, own: Any, where: str, echo: Callable[..., None]) -> None:
    given = {name: other.attributes[name] for name in other._user_defined_attributes}
    own.attributes.update({name: value for name, value in given.items() if name in _COMMON})
    left = sorted(f"{name}={value}" for name, value in given.items() if name not in _COMMON)
    if left:
        text = "Step *{}*: of @{}, this has no counterpart on {}: {}"
        say(echo, text, step, other.name, where, ", ".join(left))
