from __future__ import annotations

from hypothesis import given, settings

from metaflow_extensions.orchestrators.core.graph import FOREACH, JOIN, LINEAR, Graph, Transition, build_graph
from metaflow_provider.dag.segments import segments
from tests.core.grammar import FLOWS, Flow
from tests.metaflow_provider.plans import every_kind


def groups(graph: Graph) -> dict[str, tuple[str, ...]]:
    return {segment.group_id: segment.steps for segment in segments(graph) if segment.scope}


def test_a_scope_with_a_foreach_inside_is_cut_in_two() -> None:
    assert groups(every_kind().graph) == {
        "foreach-outer": ("inner",),
        "foreach-inner": ("work",),
        "foreach-outer-1": ("gather", "choose", "loop", "short", "merge"),
    }


def test_two_foreaches_inside_one_cut_it_in_three() -> None:
    graph = build_graph(
        [
            Transition("start", FOREACH, ("first",)),
            Transition("first", FOREACH, ("a",)),
            Transition("a", LINEAR, ("first_join",)),
            Transition("first_join", JOIN, ("second",)),
            Transition("second", FOREACH, ("b",)),
            Transition("b", LINEAR, ("second_join",)),
            Transition("second_join", JOIN, ("join",)),
            Transition("join", JOIN, ()),
        ],
        "start",
    )
    assert groups(graph) == {
        "foreach-start": ("first",),
        "foreach-first": ("a",),
        "foreach-start-1": ("first_join", "second"),
        "foreach-second": ("b",),
        "foreach-start-2": ("second_join",),
    }


@settings(max_examples=150, deadline=None)
@given(FLOWS)
def test_segments_hold_every_step_once_and_follow_what_they_depend_on(flow: Flow) -> None:
    graph = flow.graph
    found = segments(graph)
    assert sorted(step for segment in found for step in segment.steps) == sorted(graph.nodes)
    assert len(groups(graph)) == sum(bool(segment.scope) for segment in found)
    place = {step: i for i, segment in enumerate(found) for step in segment.steps}
    for segment in found:
        assert {graph[step].scope for step in segment.steps} == {segment.scope}
        assert segment.scope or len(segment.steps) == 1
        for step in segment.steps:
            assert all(place[parent] <= place[step] for parent in graph[step].parents)


@settings(max_examples=50, deadline=None)
@given(FLOWS)
def test_the_same_graph_gives_the_same_segments(flow: Flow) -> None:
    assert segments(flow.graph) == segments(build_graph(flow.transitions, "start"))
