"""Turns refusals into one line for the person at the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from metaflow._vendor import click


class Refused(click.ClickException):
    """A refusal, printed as Metaflow's command line prints errors, with exit status 1.

    Not as a `MetaflowException`, whose asterisks become highlights: a cron expression would lose its own.
    """

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it on stderr."""
        click.secho("    Not possible:", file=file, err=True, bold=True)
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
