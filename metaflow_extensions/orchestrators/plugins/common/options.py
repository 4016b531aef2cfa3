"""Options that the commands of every engine take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from metaflow._vendor import click

F = TypeVar("F", bound=Callable[..., Any])


def with_options(*options: Callable[[F], F]) -> Callable[[F], F]:
    """A decorator that gives a command these options, in this order."""

    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def run_options(engine: str) -> Callable[[F], F]:
    """`--tag` and `--namespace` of the runs on an engine."""
    return with_options(
        click.option(
            "--tag",
            "tags",
            multiple=True,
            default=None,
            help=f"Annotate all objects produced by {engine} runs with the given tag. You can specify this "
            "option multiple times to attach multiple tags.",
        ),
        click.option(
            "--namespace",
            "user_namespace",
            default=None,
            help="Change the namespace from the default (production token) to the given tag. "
            "See run --help for more information.",
        ),
    )


def state_options(engine: str, states: Sequence[str]) -> Callable[[F], F]:
    """One flag for every state of a run, by which runs are listed."""
    return with_options(
        *(
            click.option(
                f"--{state.lower().replace('_', '-')}",
                default=False,
                is_flag=True,
                help=f"List all runs of the workflow in {state} state on {engine}.",
            )
            for state in states
        )
    )


token_options = with_options(
    click.option(
        "--authorize",
        default=None,
        help="Authorize using this production token. You need this when you are re-deploying an existing "
        "flow for the first time. The token is cached in METAFLOW_HOME, so you only need to specify this "
        "once.",
    ),
    click.option(
        "--generate-new-token",
        is_flag=True,
        help="Generate a new production token for this flow. "
        "This will move the production flow to a new namespace.",
    ),
    click.option(
        "--new-token",
        "given_token",
        default=None,
        help="Use the given production token for this flow. "
        "This will move the production flow to the given namespace.",
    ),
)
"""`--authorize`, `--generate-new-token` and `--new-token`."""


def check_output_options(only: dict[str, bool], output_dir: str | None, upload: bool) -> None:
    """Refuse options of `create` of which one would go without effect.

    Args:
        only: of each option that prints one object, whether it was given.
        output_dir: folder for all objects.
        upload: whether the code package is to be uploaded.

    Raises:
        Refusal: more than one way of output, or `--no-upload` without a folder.
    """
    from metaflow_provider.plan import Refusal

    ways = [name for name, given in only.items() if given] + (["--output-dir"] if output_dir else [])
    if len(ways) > 1:
        raise Refusal(f"{' and '.join(ways)} exclude each other", remedy="give one of them")
    if not upload and not output_dir:
        raise Refusal(
            "--no-upload goes with --output-dir alone: what is deployed needs its code package",
            remedy="remove it, or add --output-dir",
        )
