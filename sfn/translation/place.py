"""A state's input says where in the run it is: `{run, task}`, handed on unchanged from state to state.

`run` is Metaflow's run id, `task` the id that tasks have there: `t` outside of every foreach, `t-2-5` inside
two. `loops` counts the iterations of looping steps, `{step: count}`. A Map makes the input of its iterations;
inline and distributed ones are the same, since no variables are involved.
"""

from __future__ import annotations

from typing import Any

from metaflow_extensions.orchestrators.core.graph import Graph, Node

from ..asl import Expression, call, if_, states

RUN = "sfn-" & states.context.Execution.Name
PLACE = states.input


def first_place() -> dict[str, Any]:
    """The input of the first step's state."""
    return {"run": RUN, "task": "t"}


def place_of_item() -> dict[str, Any]:
    """The input of a Map's iteration; the item is its index."""
    return {"run": PLACE.run, "task": PLACE.task & "-" & call("string", states.context.Map.Item.Value)}


def task_id(node: Node) -> Expression:
    """Id of the step's task at this place; in a loop, of the iteration that is next."""
    if not node.loop:
        return PLACE.task
    count = PLACE.loops[node.step]
    return PLACE.task & if_(call("exists", count), "-i" & call("string", count), "")


def after_iteration(step: str) -> Expression:
    """The place with one more iteration of a loop."""
    count = PLACE.loops[step]
    counted = {step: if_(call("exists", count), count + 1, 1)}
    return call("merge", [PLACE, {"loops": call("merge", [PLACE.loops, counted])}])


def iterations(graph: Graph, node: Node) -> Expression | None:
    """For a step behind loops: `step=count` of the one that led here."""
    loops = [parent for parent in node.parents if graph[parent].loop]
    found: Any = ""
    for loop in loops:
        count = PLACE.loops[loop]
        found = if_(call("exists", count), f"{loop}=" & call("string", count), found)
    return found if loops else None
