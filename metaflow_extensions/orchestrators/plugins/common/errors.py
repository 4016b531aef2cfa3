"""Turns refusals and the outside's failures into one line for the person at the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from metaflow.exception import MetaflowException


class Refused(MetaflowException):
    """A refusal, in the form that Metaflow's command line prints without a traceback."""

    headline = "Not possible"


@contextmanager
def refusals() -> Iterator[None]:
    """Within it, a `Refusal` becomes what Metaflow's command line prints, with exit status 1."""
    from metaflow_provider.plan import Refusal

    try:
        yield
    except Refusal as refusal:
        raise Refused(str(refusal)) from None
