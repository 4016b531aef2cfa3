"""Turns refusals into one line for the person at the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from metaflow._vendor import click


class Refused(click.ClickException):
    """A refusal, printed as one line with the indent of Metaflow's errors, with exit status 1.

    Not as a `MetaflowException`, which has a headline, and whose asterisks become highlights: a cron
    expression would lose its own.
    """

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it on stderr."""
        click.secho(f"    {self.message}", file=file, err=True)


@contextmanager
def refusals(*others: type[Exception]) -> Iterator[None]:
    """Within it, a `Refusal` becomes what Metaflow's command line prints, with exit status 1.

    Args:
        others: exceptions of an engine whose text is one line, too.
    """
    from metaflow_provider.plan import Refusal

    kinds: tuple[type[Exception], ...] = (Refusal, *others)
    try:
        yield
    except kinds as refusal:
        raise Refused(str(refusal)) from None
