from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metaflow_extensions.orchestrators.core.graph import (
    FOREACH,
    JOIN,
    LINEAR,
    SPLIT,
    SWITCH,
    Graph,
    GraphError,
    Transition,
    build_graph,
)
from tests.core.grammar import FLOWS, Flow, Run

STATIC = [
    Transition("start", SPLIT, ("left", "right")),
    Transition("left", FOREACH, ("work",)),
    Transition("work", LINEAR, ("more",)),
    Transition("more", LINEAR, ("gather",)),
    Transition("gather", JOIN, ("join",)),
    Transition("right", LINEAR, ("join",)),
    Transition("join", JOIN, ("end",)),
    Transition("end", LINEAR, ()),
]
SWITCHES = [
    Transition("start", FOREACH, ("choose",)),
    Transition("choose", SWITCH, ("loop", "other", "join")),
    Transition("loop", SWITCH, ("loop", "merge", "aside")),
    Transition("aside", LINEAR, ("merge",)),
    Transition("other", LINEAR, ("merge",)),
    Transition("merge", LINEAR, ("join",)),
    Transition("join", JOIN, ("launch",)),
    Transition("launch", FOREACH, ("gang",), gang=True),
    Transition("gang", LINEAR, ("end",)),
    Transition("end", JOIN, ()),
]


def facts(graph: Graph, fact: str) -> dict[str, object]:
    return {step: getattr(node, fact) for step, node in graph.nodes.items() if getattr(node, fact)}


def test_splits_and_foreaches() -> None:
    graph = build_graph(STATIC, "start")
    assert graph.start == "start"
    assert not graph.conditional
    assert facts(graph, "scope") == {"work": ("left",), "more": ("left",)}
    assert facts(graph, "join") == {"start": "join", "left": "gather"}
    assert facts(graph, "joins") == {"join": "start", "gather": "left"}
    assert facts(graph, "branches") == {
        "left": ("left",),
        "work": ("left", "work"),
        "more": ("left", "work"),
        "gather": ("left",),
        "right": ("right",),
    }
    assert graph["join"].parents == ("gather", "right")
    assert facts(graph, "anchor") == {
        "left": "start",
        "work": "left",
        "more": "work",
        "gather": "more",
        "right": "start",
        "join": "start",
        "end": "join",
    }


def test_switches_loops_and_gangs() -> None:
    graph = build_graph(SWITCHES, "start")
    assert graph.conditional
    inside = ("choose", "loop", "aside", "other", "merge")
    assert facts(graph, "scope") == dict.fromkeys(inside, ("start",))
    assert facts(graph, "branches") == {**dict.fromkeys(inside, ("choose",)), "gang": ("gang",)}
    assert facts(graph, "join") == {"start": "join", "launch": "end"}
    assert facts(graph, "loop") == {"loop": True}
    assert facts(graph, "gang_split") == {"launch": True}
    assert facts(graph, "gang") == {"gang": True}
    assert graph["loop"].children == ("merge", "aside")
    assert graph["loop"].parents == ("choose",)
    assert set(graph["merge"].parents) == {"loop", "aside", "other"}
    assert set(graph["join"].parents) == {"choose", "merge"}
    assert (graph["merge"].anchor, graph["join"].anchor) == ("choose", "choose")


def test_a_loop_with_one_way_out_leaves_nothing_out() -> None:
    steps = [Transition("start", SWITCH, ("start", "end")), Transition("end", LINEAR, ())]
    assert not build_graph(steps, "start").conditional


def test_two_cases_that_lead_to_one_step_are_one_child() -> None:
    steps = [Transition("start", SWITCH, ("end", "end")), Transition("end", LINEAR, ())]
    graph = build_graph(steps, "start")
    assert (graph["start"].children, graph["end"].parents) == (("end",), ("start",))


def test_one_step_is_a_flow() -> None:
    graph = build_graph([Transition("only", LINEAR, ())], "only")
    assert (graph.start, graph["only"].parents, graph["only"].anchor) == ("only", (), None)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([("start", LINEAR, ["nowhere"])], "Step start leads to nowhere, which does not exist"),
        ([("begin", LINEAR, [])], "The first step, start, does not exist"),
        ([("start", LINEAR, ["start"])], "Step start leads to itself, which only a switch may do"),
        (
            [
                ("start", LINEAR, ["a"]),
                ("a", SWITCH, ["b", "end"]),
                ("b", LINEAR, ["a"]),
                ("end", LINEAR, []),
            ],
            "Step b leads back to a: only a switch may loop, and only to itself",
        ),
        (
            [("start", LINEAR, ["end"]), ("island", LINEAR, ["end"]), ("end", LINEAR, [])],
            "Step island is never reached from the first step, start",
        ),
        (
            [
                ("start", SPLIT, ["a", "b"]),
                ("a", LINEAR, ["end"]),
                ("b", LINEAR, ["end"]),
                ("end", LINEAR, []),
            ],
            "Step end is reached from a and b, which are in different branches; join the branches first",
        ),
        (
            [("start", LINEAR, ["end"]), ("end", JOIN, [])],
            "Step end joins branches, but no split is open there",
        ),
        (
            [
                ("start", SPLIT, ["a", "b"]),
                ("a", SPLIT, ["c", "d"]),
                ("b", LINEAR, ["end"]),
                ("c", LINEAR, ["end"]),
                ("d", LINEAR, ["end"]),
                ("end", JOIN, []),
            ],
            "Step end joins c and b, which come from different splits",
        ),
        (
            [
                ("start", FOREACH, ["choose"]),
                ("choose", SWITCH, ["one", "two"]),
                ("one", JOIN, ["end"]),
                ("two", JOIN, ["end"]),
                ("end", LINEAR, []),
            ],
            "Step start is joined more than once; two is one of its joins",
        ),
    ],
)
def test_what_is_no_flow_is_refused(steps: list[tuple[str, str, list[str]]], message: str) -> None:
    transitions = [Transition(step, kind, tuple(children)) for step, kind, children in steps]
    with pytest.raises(GraphError) as refused:
        build_graph(transitions, "start")
    assert str(refused.value) == message


@settings(max_examples=100, deadline=None)
@given(FLOWS, st.integers(min_value=0))
def test_random_flows(flow: Flow, seed: int) -> None:
    graph = flow.graph
    places = {step: place for place, step in enumerate(graph.nodes)}
    assert {node.step: node.join for node in graph.nodes.values() if node.join} == flow.joins
    for node in graph.nodes.values():
        assert all(places[parent] < places[node.step] for parent in node.parents)
        assert all(node.step in graph[parent].children for parent in node.parents)
    assert all(len(graph[task.step].scope) == len(task.index) for task in Run.of(flow, seed).parents)


@settings(max_examples=50, deadline=None)
@given(FLOWS)
def test_the_order_of_the_steps_in_the_file_does_not_matter(flow: Flow) -> None:
    assert build_graph(reversed(flow.transitions), "start") == flow.graph


def test_a_chain_of_5000_steps_needs_no_recursion() -> None:
    names = [f"step_{number}" for number in range(5000)]
    steps = [Transition(name, LINEAR, (after,)) for name, after in itertools.pairwise(names)]
    graph = build_graph([*steps, Transition(names[-1], LINEAR, ())], names[0])
    assert list(graph.nodes) == names


def test_forty_splits_one_after_the_other_have_too_many_ways_to_try_all() -> None:
    steps = [Transition("join_0", LINEAR, ("split_1",)), Transition("join_40", JOIN, ())]
    for number in range(1, 41):
        join = f"join_{number}"
        steps.append(Transition(f"split_{number}", SPLIT, (f"a_{number}", f"b_{number}")))
        steps += [Transition(f"{branch}_{number}", LINEAR, (join,)) for branch in "ab"]
        if number < 40:
            steps.append(Transition(join, JOIN, (f"split_{number + 1}",)))
    graph = build_graph(steps, "join_0")
    assert graph["join_40"].joins == "split_40"
    assert graph["join_40"].anchor == "split_40"
