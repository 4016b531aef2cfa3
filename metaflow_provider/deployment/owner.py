"""Whose a deployment is, and who else may change it."""

from __future__ import annotations

from typing import Protocol

from ..plan import Refusal


class Owned(Protocol):
    """What is deployed under a name, as far as its owner goes."""

    @property
    def name(self) -> str:
        """Name of the deployment."""
        ...

    @property
    def owner(self) -> str:
        """User who deployed it."""
        ...

    @property
    def token(self) -> str:
        """Its production token."""
        ...


def check_owner(deployed: Owned, engine: str, owner: str, *tokens: str) -> None:
    """Refuse to change another user's deployment, unless one of the tokens is its own.

    Args:
        deployed: what is there.
        engine: where, as people call it.
        owner: who wants to change it.
        *tokens: production tokens that they have, without `production:`.

    Raises:
        Refusal: it is another user's, and its token is not among them.

    Example:
        >>> check_owner(deployed, "Argo Workflows", "ada", "train-0-abcd")
    """
    authorized = deployed.token != "" and deployed.token in tokens
    if deployed.owner != owner and not authorized:
        raise Refusal(
            f"There is an existing version of {deployed.name} on {engine}, deployed by the user "
            f"{deployed.owner}, and its production token was not given",
            remedy="get the token from them and authorize with it, or choose another name",
        )
