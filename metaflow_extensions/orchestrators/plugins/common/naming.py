"""What a flow is called on an engine."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from metaflow import current
from metaflow.exception import MetaflowException

from .errors import Refused


@dataclass(frozen=True)
class DeploymentName:
    """Name of a deployment, and under which prefix its production token is kept.

    Attributes:
        is_cut: the engine's limit made it shorter than it should be.
    """

    name: str
    token_prefix: str
    is_project: bool
    is_cut: bool = False


@dataclass(frozen=True)
class NameRule:
    """What an engine accepts as a name: characters that it does not, and the greatest length."""

    engine: str
    forbidden: re.Pattern[str]
    longest: int


def resolve_name(
    given: str | None,
    rule: NameRule,
    adapt: Callable[[DeploymentName], DeploymentName] = lambda found: found,
) -> DeploymentName:
    """The deployment's name: the project's, the one given, or the flow's.

    Args:
        given: by `--name`.
        rule: what the engine accepts.
        adapt: makes the engine's own name of it, such as one with a prefix.

    Raises:
        MetaflowException: a name for a `@project` flow.
        Refused: one that the engine does not accept.
    """
    project = current.get("project_name")
    if project and given:
        raise MetaflowException("--name is not supported for @projects. Use --branch instead.")
    name = str(current.project_flow_name if project else given or current.flow_name)
    if rule.forbidden.search(name):
        raise Refused(
            f"Name '{name}' contains invalid characters. "
            f"Please construct a name using regex {rule.forbidden.pattern}"
        )
    found = adapt(DeploymentName(name, token_prefix(name, project).lower(), bool(project)))
    if len(found.name) > rule.longest:
        raise Refused(
            f"Name '{found.name[:40]}...' has {len(found.name)} characters, {rule.engine} takes "
            f"{rule.longest}. Please choose a shorter --name, project or branch."
        )
    return found


def token_prefix(name: str, project: str | None) -> str:
    """Under which prefix a production token is kept: of a project, one for each branch."""
    if not project:
        return name
    digest = hashlib.sha1(f"{project}.{current.branch_name}".encode()).digest()
    return "mfprj-" + base64.b32encode(digest).decode()[:16]
