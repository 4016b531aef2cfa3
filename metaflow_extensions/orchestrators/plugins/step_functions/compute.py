"""Every step gets `@batch`, as Metaflow attaches it; what another platform's decorator says carries over."""

from __future__ import annotations

from typing import Any

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


def attach_batch(state: Any) -> None:
    """Attach `@batch` to the steps that have none; mutators and `@resources` then have their say.

    Args:
        state: the `obj` of a click command of Metaflow's; its graph is made anew.
    """
    from metaflow import decorators

    decorators._attach_decorators(state.flow, ["batch"])
    decorators._process_late_attached_decorator(
        ["batch"], state.flow, state.graph, state.environment, state.flow_datastore, state.logger
    )
    state.graph = state.flow._graph
    for node in state.graph:
        by_name = {deco.name: deco for deco in node.decorators}
        if "kubernetes" in by_name and not by_name["batch"].statically_defined:
            _carry_over(node.name, by_name["kubernetes"], by_name["batch"], state.echo)


def _carry_over(step: str, kubernetes: Any, batch: Any, echo: Any) -> None:
    given = {name: kubernetes.attributes[name] for name in kubernetes._user_defined_attributes}
    batch.attributes.update({name: value for name, value in given.items() if name in _COMMON})
    left = sorted(f"{name}={value}" for name, value in given.items() if name not in _COMMON)
    if left:
        echo(f"Step *{step}*: of @kubernetes, this has no counterpart on AWS Batch: {', '.join(left)}")
