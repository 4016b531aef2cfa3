"""What a run of a deployed flow may be given."""

from __future__ import annotations

from collections.abc import Collection

from ..plan import Refusal


def check_names(flow: str, known: Collection[str], given: Collection[str]) -> None:
    """Check that a flow has the parameters that a run is given.

    Args:
        flow: its class name.
        known: names of its parameters.
        given: names of those that the run gets.

    Raises:
        Refusal: it has not; the text names the ones that it has.

    Example:
        >>> check_names("TrainFlow", ["alpha"], ["alpha"])
    """
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise Refusal(
            f"the flow {flow} has no parameter {', '.join(unknown)}",
            remedy=f"it has {', '.join(known) or 'none'}",
        )
