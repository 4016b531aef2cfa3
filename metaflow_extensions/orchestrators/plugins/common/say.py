"""What commands say with Metaflow's echo, which takes every asterisk for the start or end of a highlight."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from metaflow._vendor import click


def say(
    echo: Callable[..., Any],
    text: str,
    *values: object,
    bold: bool = False,
    fg: str | None = None,
    indent: bool = False,
) -> None:
    """Print a text with highlights of our own, and with the words of users and services as they are.

    Args:
        echo: Metaflow's.
        text: what is between two asterisks is highlighted; each `{}` is the place of a value.
        *values: printed with their asterisks.
        bold: all of it.
        fg: colour of what is not highlighted.
        indent: every line.

    Example:
        >>> say(state.echo, "*{}* is started by {}", "Train", "30 6 * * 1-5")
        Train is started by 30 6 * * 1-5
    """
    from metaflow.cli import HIGHLIGHT

    styled = [
        click.style(span, fg=HIGHLIGHT, bold=True) if place % 2 else click.style(span, fg=fg, bold=bold)
        for place, span in enumerate(text.split("*"))
    ]
    echo("".join(styled).format(*values), no_bold=True, indent=indent)


def tell_change(echo: Callable[..., Any], change: Any) -> None:
    """Print a `Change` of a deployment just before it is made."""
    say(echo, "    {} {} {}", change.action, change.kind, change.name)


def tell_replaced_flow(echo: Callable[..., Any], deployment: str, deployed: str, flow: str) -> None:
    """Warn of a name under which another flow is deployed.

    Args:
        echo: Metaflow's.
        deployment: the name.
        deployed: class name of the flow that is there.
        flow: and of the one that takes its place.
    """
    if deployed not in ("", flow):
        say(echo, "Note: {} is the flow {} so far; {} takes its place.", deployment, deployed, flow)


def tell_nothing_found(echo: Callable[..., Any], flow: str, every: bool) -> None:
    """Say that a list of deployments is empty, and how to see those of other flows."""
    if every:
        echo("Nothing is deployed.")
    else:
        say(echo, "{} is not deployed; --all lists other flows.", flow)
