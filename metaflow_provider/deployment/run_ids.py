"""Ids of runs as people give them."""

from __future__ import annotations

from ..plan import Refusal


def own_run_id(flow: str, given: str) -> str:
    """The id of a flow's run, which may be given with the flow before it, as Metaflow's client prints it.

    Raises:
        Refusal: it is another flow's.

    Example:
        >>> own_run_id("TrainFlow", "TrainFlow/argo-train-x7k2p")
        'argo-train-x7k2p'
    """
    other, _, run_id = given.rpartition("/")
    if other and other != flow:
        raise Refusal(f"{given} is no run of the flow {flow}", remedy="check the id")
    return run_id
