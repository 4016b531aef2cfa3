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


def check_owner(deployed: Owned, engine: str, owner: str, authorize: str) -> None:
    """Refuse to change another user's deployment without its production token.

    The token of a compiled flow does not count: anybody who compiles a flow of that name gets the first one.

    Args:
        deployed: what is there.
        engine: where, as people call it.
        owner: who wants to change it.
        authorize: production token that they give, with or without `production:`; empty for none.

    Raises:
        Refusal: it is another user's, and that is not its token.

    Example:
        >>> check_owner(deployed, "Argo Workflows", "ada", "train-0-abcd")
    """
    authorized = deployed.token != "" and deployed.token == authorize.removeprefix("production:")
    if deployed.owner != owner and not authorized:
        raise Refusal(
            f"There is an existing version of {deployed.name} on {engine}, deployed by the user "
            f"{deployed.owner}, and its production token was not given",
            remedy="get the token from them and authorize with it, or choose another name",
        )
