"""Production tokens: who may deploy a flow, and the namespace of its runs. As stock Metaflow does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from metaflow.exception import MetaflowException
from metaflow.plugins.aws.step_functions.production_token import load_token, new_token, store_token
from metaflow.util import get_username

from .naming import DeploymentName
from .say import say

_PREFIX = "production:"


class IncorrectProductionToken(MetaflowException):
    """Somebody else deployed this flow, and their token was not given."""

    headline = "Incorrect production token"


@dataclass(frozen=True)
class TokenWishes:
    """Options of `create` about tokens: `--authorize`, `--new-token`, `--generate-new-token`."""

    authorize: str | None = None
    given: str | None = None
    generate: bool = False


@dataclass(frozen=True)
class Token:
    """The token to deploy with. `is_new`: the engine's store does not have it yet."""

    value: str
    is_new: bool


def resolve_token(
    deployment: DeploymentName,
    engine: str,
    command: str,
    previous: tuple[str, str] | None,
    wishes: TokenWishes,
    echo: Callable[..., None],
) -> Token:
    """Decide which token to deploy with. Writes nothing.

    Args:
        deployment: what is deployed.
        engine: as people call it.
        command: what they type, such as `airflow create`.
        previous: owner and token of what is deployed already.
        wishes: what was asked for.
        echo: Metaflow's.

    Raises:
        IncorrectProductionToken: the flow is another user's and their token was not given.
        MetaflowException: wishes that contradict each other or `@project`.
    """
    if previous is None:
        say(echo, "It seems this is the first time you are deploying *{}* to {}.", deployment.name, engine)
    else:
        authorize_change(deployment, engine, command, previous, wishes.authorize, echo)
    token = previous[1] if previous else None
    if wishes.given:
        value = _given_token(deployment, wishes.given)
        say(echo, "\nUsing the given token, *{}*.", value)
        return Token(value, is_new=value != token)
    if token is None or wishes.generate:
        value = _next_token(deployment, token)
        echo("\nA new production token generated.")
        return Token(value, is_new=True)
    return Token(token, is_new=False)


def offline_token(deployment: DeploymentName, wishes: TokenWishes | None = None) -> str:
    """The token to compile with where nobody may be asked.

    That with which the user authorizes, else the one that they have, else the first; or the next one.

    Args:
        deployment: what is compiled.
        wishes: may ask for another one.

    Raises:
        MetaflowException: wishes that contradict each other or `@project`.
    """
    wishes = wishes or TokenWishes()
    if wishes.given:
        return _given_token(deployment, wishes.given)
    known = (wishes.authorize or "").removeprefix(_PREFIX) or load_token(deployment.token_prefix)
    return str(known) if known and not wishes.generate else _next_token(deployment, known)


def _next_token(deployment: DeploymentName, token: str | None) -> str:
    value = new_token(deployment.token_prefix, token)
    if value is None:
        raise MetaflowException(
            "--generate-new-token option is not supported after using --new-token. "
            "Use --new-token to make a new namespace."
        )
    return str(value)


def _given_token(deployment: DeploymentName, text: str) -> str:
    if deployment.is_project:
        raise MetaflowException(
            "--new-token is not supported for @projects. Use --generate-new-token to create a new token."
        )
    return text.removeprefix(_PREFIX)


def authorize_change(
    deployment: DeploymentName,
    engine: str,
    command: str,
    previous: tuple[str, str],
    authorize: str | None,
    echo: Callable[..., None],
) -> None:
    """Refuse who has neither deployed the flow nor its token.

    Args:
        deployment: what is to be changed.
        engine: as people call it.
        command: what they typed, such as `step-functions terminate RUN_ID`.
        previous: owner and token of what is deployed.
        authorize: the token that was given.
        echo: Metaflow's.

    Raises:
        IncorrectProductionToken: names the owner.
    """
    owner, token = previous
    offered = load_token(deployment.token_prefix) if authorize is None else authorize.removeprefix(_PREFIX)
    if owner == get_username() or offered == token:
        return
    say(
        echo,
        "There is an existing version of *{}* on {} which was deployed by the user *{}*.",
        *(deployment.name, engine, owner),
    )
    _, action, *_ = command.split()
    verb = "deploy a new version of" if action == "create" else action
    echo(f"To {verb} this flow, you need to use the same production token that they used. ")
    echo("Please reach out to them to get the token. Once you have it, call this command:")
    echo(f"    {command} --authorize MY_TOKEN", fg="green")
    echo('See "Organizing Results" at docs.metaflow.org for more information about production tokens.')
    raise IncorrectProductionToken("Try again with the correct production token.")


def announce_token(token: Token, engine: str, command: str, echo: Callable[..., Any]) -> None:
    """Say which namespace the runs are in, and how others may deploy."""
    echo("\nThe namespace of this production flow is")
    say(echo, "    production:{}", token.value, fg="green")
    echo("To analyze results of this production flow add this line in your notebooks:")
    say(echo, '    namespace("production:{}")', token.value, fg="green")
    echo(
        "If you want to authorize other people to deploy new versions of this flow to "
        f"{engine}, they need to call"
    )
    say(echo, "    {} --authorize {}", command, token.value, fg="green")
    echo(f"when deploying this flow to {engine} for the first time.")
    echo('See "Organizing Results" at https://docs.metaflow.org/ for more about production tokens.\n')


def remember_token(deployment: DeploymentName, token: Token) -> None:
    """Keep the token in this user's Metaflow home, so that the next deployment need not name it."""
    store_token(deployment.token_prefix, token.value)
