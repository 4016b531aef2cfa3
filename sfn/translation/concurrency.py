"""`--max-workers`, shared by nested Maps: each has a limit of its own and knows nothing of the others."""

from __future__ import annotations

from metaflow_extensions.orchestrators.core.graph import Graph


def concurrency(graph: Graph, max_workers: int) -> dict[str, int]:
    """Items at once for every foreach step, so that the product along every nesting stays in the limit.

    Each level gets an equal share: of 100, two levels get 10 each.

    Example:
        For ``a`` with ``b`` inside, ``concurrency(graph, 100)`` is ``{"a": 10, "b": 10}``.
    """
    splits = [node for node in graph.nodes.values() if node.kind == "foreach" and not node.gang_split]
    levels: dict[tuple[str, ...], int] = {}
    for split in splits:
        path = (*split.scope, split.step)
        for depth in range(1, len(path) + 1):
            levels[path[:depth]] = max(levels.get(path[:depth], 0), len(path) - depth + 1)
    shares: dict[str, int] = {}
    left: dict[tuple[str, ...], int] = {(): max_workers}
    for split in splits:
        path = (*split.scope, split.step)
        share = max(1, int(round(left[split.scope] ** (1 / levels[path]), 9)))
        shares[split.step] = share
        left[path] = max(1, left[split.scope] // share)
    return shares
