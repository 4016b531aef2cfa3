"""How the steps of nested foreaches become mapped task groups, which Airflow cannot nest.

The steps of a scope (a chain of foreach steps) are mapped over that scope's complete index paths. A scope
with a nested foreach inside is cut into segments: the steps before it, and those from its join on. Each
segment is one mapped group, so the graph of the groups has no cycle.
"""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import TopologicalSorter

from metaflow_extensions.orchestrators.core.graph import Graph


@dataclass(frozen=True)
class Segment:
    """Steps that are mapped together: `layer` counts the segments of a scope."""

    scope: tuple[str, ...]
    layer: int
    steps: tuple[str, ...]

    @property
    def group_id(self) -> str:
        """Id of the task group; no step has it, since step names have no dashes."""
        suffix = f"-{self.layer}" if self.layer else ""
        return f"foreach-{self.scope[-1]}{suffix}"


def segments(graph: Graph) -> list[Segment]:
    """All segments, each after those that it depends on; steps outside of every foreach are segments of one.

    Example:
        ``start -> (foreach) a -> b -> join -> end`` gives ``start``, a group of ``a`` and ``b``, ``join``,
        ``end``.
    """
    layers = _layers(graph)
    members: dict[tuple[tuple[str, ...], int | str], list[str]] = {}
    for step, node in graph.nodes.items():
        key = (node.scope, layers[step]) if node.scope else ((), step)
        members.setdefault(key, []).append(step)
    found = [Segment(scope, layers[steps[0]], tuple(steps)) for (scope, _), steps in members.items()]
    return _in_order(graph, found)


def _layers(graph: Graph) -> dict[str, int]:
    layers: dict[str, int] = {}
    for step, node in graph.nodes.items():
        layers[step] = max(
            (_layer_after(graph, parent, node.scope, layers) for parent in node.parents), default=0
        )
    return layers


def _layer_after(graph: Graph, parent: str, scope: tuple[str, ...], layers: dict[str, int]) -> int:
    outer = graph[parent].scope
    if outer == scope:
        return layers[parent]
    if len(outer) > len(scope):
        return layers[outer[len(scope)]] + 1
    return 0


def _in_order(graph: Graph, found: list[Segment]) -> list[Segment]:
    segment_of = {step: segment for segment in found for step in segment.steps}
    sorter = TopologicalSorter[Segment]()
    for segment in found:
        parents = [segment_of[parent] for step in segment.steps for parent in graph[step].parents]
        sorter.add(segment, *(parent for parent in parents if parent != segment))
    return list(sorter.static_order())
