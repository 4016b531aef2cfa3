"""The fifteen kinds of graphs that Metaflow has, each as the smallest flow of its kind."""

from __future__ import annotations

from metaflow_extensions.orchestrators.core.graph import FOREACH, JOIN, SPLIT, SWITCH
from metaflow_provider.plan.model import Step
from tests.metaflow_provider.plans import step

SHAPES: dict[str, tuple[Step, ...]] = {
    "linear": (step("start", "end"), step("end")),
    "split": (
        step("start", "a", "b", kind=SPLIT),
        step("a", "join"),
        step("b", "join"),
        step("join", "end", kind=JOIN),
        step("end"),
    ),
    "nested_splits": (
        step("start", "a", "b", kind=SPLIT),
        step("a", "c", "d", kind=SPLIT),
        step("c", "inner"),
        step("d", "inner"),
        step("inner", "join", kind=JOIN),
        step("b", "join"),
        step("join", "end", kind=JOIN),
        step("end"),
    ),
    "foreach": (
        step("start", "body", kind=FOREACH, foreach="items"),
        step("body", "join"),
        step("join", "end", kind=JOIN),
        step("end"),
    ),
    "foreach_long_body": (
        step("start", "body", kind=FOREACH, foreach="items"),
        step("body", "more"),
        step("more", "join"),
        step("join", "end", kind=JOIN),
        step("end"),
    ),
    "nested_foreach": (
        step("start", "outer", kind=FOREACH, foreach="items"),
        step("outer", "inner", kind=FOREACH, foreach="parts"),
        step("inner", "gather"),
        step("gather", "join", kind=JOIN),
        step("join", "end", kind=JOIN),
        step("end"),
    ),
    "gang": (
        step("start", "train", kind=FOREACH, gang_split=True),
        step("train", "join"),
        step("join", "end", kind=JOIN),
        step("end"),
    ),
    "switch": (
        step("start", "a", "b", kind=SWITCH),
        step("a", "end"),
        step("b", "end"),
        step("end"),
    ),
    "nested_switch": (
        step("start", "a", "b", kind=SWITCH),
        step("a", "c", "end", kind=SWITCH),
        step("b", "end"),
        step("c", "end"),
        step("end"),
    ),
    "split_in_switch": (
        step("start", "fork", "b", kind=SWITCH),
        step("fork", "c", "d", kind=SPLIT),
        step("c", "join"),
        step("d", "join"),
        step("join", "end", kind=JOIN),
        step("b", "end"),
        step("end"),
    ),
    "foreach_in_switch": (
        step("start", "fan", "b", kind=SWITCH),
        step("fan", "body", kind=FOREACH, foreach="items"),
        step("body", "join"),
        step("join", "end", kind=JOIN),
        step("b", "end"),
        step("end"),
    ),
    "switch_in_split": (
        step("start", "choose", "b", kind=SPLIT),
        step("choose", "c", "d", kind=SWITCH),
        step("c", "join"),
        step("d", "join"),
        step("b", "join"),
        step("join", "end", kind=JOIN),
        step("end"),
    ),
    "switch_into_foreach_join": (
        step("start", "choose", kind=FOREACH, foreach="items"),
        step("choose", "work", "join", kind=SWITCH),
        step("work", "join"),
        step("join", "end", kind=JOIN),
        step("end"),
    ),
    "loop": (step("start", "again"), step("again", "again", "end", kind=SWITCH), step("end")),
    "loop_in_foreach": (
        step("start", "again", kind=FOREACH, foreach="items"),
        step("again", "again", "work", kind=SWITCH),
        step("work", "join"),
        step("join", "end", kind=JOIN),
        step("end"),
    ),
}
