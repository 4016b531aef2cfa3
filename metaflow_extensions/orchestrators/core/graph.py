"""A flow's graph as plain data, with what follows from it: scopes, branches, dominators.

Built from the steps' own transitions, in time linear in their number; Metaflow's `FlowGraph` and a
compiled plan both give these, so plans and running tasks reason about the same graph.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

LINEAR, SPLIT, FOREACH, SWITCH, JOIN = "linear", "split", "foreach", "switch", "join"
KINDS = (LINEAR, SPLIT, FOREACH, SWITCH, JOIN)
# What Metaflow's graph calls them.
_KIND_OF_TYPE = {"start": LINEAR, "linear": LINEAR, "end": LINEAR, "join": JOIN, "split": SPLIT}
_KIND_OF_TYPE |= {"foreach": FOREACH, "split-switch": SWITCH}


class GraphError(ValueError):
    """The graph is not one that Metaflow can run; the message names the step."""


@dataclass(frozen=True)
class Transition:
    """What a step's own `self.next` says, which is all that the rest is derived from.

    `children` are the steps it leads to, in the order of `self.next`; a looping switch names itself.
    """

    step: str
    kind: str
    children: tuple[str, ...]
    gang: bool = False


@dataclass(frozen=True)
class Node:
    """A step and its place in the graph.

    Attributes:
        children: steps it leads to, each once, without itself.
        parents: steps that lead to it, in topological order, without itself.
        scope: names of the enclosing foreach steps, outermost first.
        branches: heads of the enclosing branches (of splits, foreach steps and gangs), outermost first.
        join: for a split or foreach, the step that joins it.
        joins: for a join, the split or foreach that it joins.
        loop: a switch that may lead to itself.
        gang_split: a foreach that starts a gang (`num_parallel`); it opens no scope.
        gang: the step that runs as a gang.
        anchor: the nearest step that every path to this one passes, `None` for the first step.
    """

    step: str
    kind: str
    children: tuple[str, ...]
    parents: tuple[str, ...]
    scope: tuple[str, ...]
    branches: tuple[str, ...]
    join: str | None
    joins: str | None
    loop: bool
    gang_split: bool
    gang: bool
    anchor: str | None


@dataclass(frozen=True)
class Graph:
    """Nodes in topological order."""

    nodes: dict[str, Node]

    def __getitem__(self, step: str) -> Node:
        return self.nodes[step]

    @property
    def start(self) -> str:
        """The first step."""
        return next(iter(self.nodes))

    @cached_property
    def conditional(self) -> bool:
        """Whether a step of this graph may be left out of a run."""
        return any(node.kind == SWITCH and len(node.children) > 1 for node in self.nodes.values())


def kind_of(node: Any) -> str:
    """The kind of a node of Metaflow's own graph."""
    return _KIND_OF_TYPE[node.type]


def graph_of(flow_graph: Any) -> Graph:
    """The plain graph of Metaflow's own graph of a flow; raises `GraphError` like `build_graph`."""
    return build_graph(
        (
            Transition(node.name, kind_of(node), tuple(node.out_funcs), node.parallel_foreach)
            for node in flow_graph.nodes.values()
        ),
        start=flow_graph.start_step,
    )


def build_graph(transitions: Iterable[Transition], start: str) -> Graph:
    """Derive the graph from the steps' transitions.

    `transitions` has one entry per step, in any order; a `foreach` whose transition is marked `gang`
    starts a gang.

    Raises:
        GraphError: a transition to a missing step, a loop over several steps, an unreachable step, or a
            step that is reached from branches of different splits.

    Example:
        >>> steps = [Transition("start", "linear", ("end",)), Transition("end", "linear", ())]
        >>> build_graph(steps, "start")["end"].parents
        ('start',)
    """
    by_step = {transition.step: transition for transition in transitions}
    children = {t.step: _children(t, by_step) for t in by_step.values()}
    order = _topological_order(children, start)
    missing = sorted(set(by_step) - set(order))
    if missing:
        raise GraphError(f"Step {missing[0]} is never reached from the first step, {start}")
    return Graph(_nodes(order, by_step, children))


def _children(transition: Transition, by_step: dict[str, Transition]) -> tuple[str, ...]:
    for child in transition.children:
        if child not in by_step:
            raise GraphError(f"Step {transition.step} leads to {child}, which does not exist")
        if child == transition.step and transition.kind != SWITCH:
            raise GraphError(f"Step {child} leads to itself, which only a switch may do")
    return tuple(dict.fromkeys(child for child in transition.children if child != transition.step))


def _topological_order(children: dict[str, tuple[str, ...]], start: str) -> list[str]:
    """Depth-first, iterative: a step follows all its parents, branches stay together."""
    if start not in children:
        raise GraphError(f"The first step, {start}, does not exist")
    finished: list[str] = []
    state: dict[str, bool] = {start: False}
    stack = [(start, iter(reversed(children[start])))]
    while stack:
        step, pending = stack[-1]
        child = next(pending, None)
        if child is None:
            stack.pop()
            state[step] = True
            finished.append(step)
        elif child not in state:
            state[child] = False
            stack.append((child, iter(reversed(children[child]))))
        elif not state[child]:
            raise GraphError(f"Step {step} leads back to {child}: only a switch may loop, and only to itself")
    return finished[::-1]


@dataclass(frozen=True)
class _Block:
    """An open split on the way to a step: the split and the head of the branch that the step is in."""

    split: str
    head: str


def _nodes(
    order: list[str], by_step: dict[str, Transition], children: dict[str, tuple[str, ...]]
) -> dict[str, Node]:
    parents: dict[str, list[str]] = {step: [] for step in order}
    for step in order:
        for child in children[step]:
            parents[child].append(step)
    blocks: dict[str, tuple[_Block, ...]] = {}
    joins: dict[str, str] = {}
    anchors: dict[str, str | None] = {}
    depth: dict[str, int] = {}
    for step in order:
        blocks[step] = _blocks(step, by_step, parents[step], blocks, joins)
        anchors[step] = _anchor(parents[step], anchors, depth)
        anchor = anchors[step]
        depth[step] = 0 if anchor is None else depth[anchor] + 1
    joined_by = {split: join for join, split in joins.items()}
    return {
        step: Node(
            step=step,
            kind=by_step[step].kind,
            children=children[step],
            parents=tuple(parents[step]),
            scope=tuple(b.split for b in blocks[step] if _opens_scope(by_step[b.split])),
            branches=tuple(b.head for b in blocks[step]),
            join=joined_by.get(step),
            joins=joins.get(step),
            loop=step in by_step[step].children,
            gang_split=by_step[step].gang,
            gang=any(by_step[p].gang for p in parents[step]),
            anchor=anchors[step],
        )
        for step in order
    }


def _opens_scope(split: Transition) -> bool:
    return split.kind == FOREACH and not split.gang


def _blocks(
    step: str,
    by_step: dict[str, Transition],
    parents: list[str],
    blocks: dict[str, tuple[_Block, ...]],
    joins: dict[str, str],
) -> tuple[_Block, ...]:
    """The open splits at `step`; records in `joins` what a join closes."""
    arriving = {parent: blocks[parent] + _opened(by_step[parent], step) for parent in parents}
    if not arriving:
        return ()
    first_parent, first = next(iter(arriving.items()))
    if by_step[step].kind == JOIN:
        if not first:
            raise GraphError(f"Step {step} joins branches, but no split is open there")
        split = first[-1].split
        for parent, seen in arriving.items():
            if seen[:-1] != first[:-1] or not seen or seen[-1].split != split:
                raise GraphError(
                    f"Step {step} joins {first_parent} and {parent}, which come from different splits"
                )
        if split in joins.values():
            raise GraphError(f"Step {split} is joined more than once; {step} is one of its joins")
        joins[step] = split
        return first[:-1]
    for parent, seen in arriving.items():
        if seen != first:
            raise GraphError(
                f"Step {step} is reached from {first_parent} and {parent}, which are in different branches; "
                "join the branches first"
            )
    return first


def _opened(parent: Transition, child: str) -> tuple[_Block, ...]:
    return (_Block(parent.step, child),) if parent.kind in (SPLIT, FOREACH) else ()


def _anchor(parents: list[str], anchors: dict[str, str | None], depth: dict[str, int]) -> str | None:
    """Immediate dominator: the lowest common ancestor of the parents in the dominator tree."""
    if not parents:
        return None
    common = parents[0]
    for parent in parents[1:]:
        other = parent
        while common != other:
            if depth[common] >= depth[other]:
                common = anchors[common] or common
            else:
                other = anchors[other] or other
    return common
