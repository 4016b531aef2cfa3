"""What a flow's WorkflowTemplate is called, as in stock Metaflow, and what it was before Metaflow 2.17."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

from metaflow import current
from metaflow.exception import MetaflowException

from ..common.errors import Refused
from ..common.naming import DeploymentName, token_prefix

# A CronWorkflow's name has 52 characters at most; the others are left for what may come.
LONGEST = 45
_LONGEST_OLD = 253
# What stock Metaflow leaves as it is.
_VALID = re.compile(r"[a-z]([a-z0-9.\-]*[a-z0-9])?")
# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names
_LABEL = r"[a-z0-9]([a-z0-9\-]*[a-z0-9])?"
_KUBERNETES = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_LEAST_OF_PART = 7
_DIGEST = 5
_OLD_DIGEST, _OLD_CUT = 8, 242


class ArgoWorkflowsNameTooLong(MetaflowException):
    """A name that does not fit, which the person who gave it has to shorten."""

    headline = "Argo Workflows name too long"


@dataclass(frozen=True)
class WorkflowName(DeploymentName):
    """Name of a WorkflowTemplate.

    Attributes:
        wanted: the name before it was made to fit; `is_cut` says whether it was, in whatever way.
        old: what Metaflow before 2.17 called it; empty if it could not be deployed then.
    """

    wanted: str = ""
    old: str = ""

    @property
    def has_other_old_name(self) -> bool:
        """Whether an earlier deployment of the flow may be there under another name."""
        return self.old not in ("", self.name)

    def check_length(self) -> None:
        """Refuse to deploy under a name that is too long. What is deployed under one can still be used.

        Raises:
            ArgoWorkflowsNameTooLong: asks for a shorter one.
        """
        if not self.is_project and len(self.wanted) > LONGEST:
            raise ArgoWorkflowsNameTooLong(
                f"The full name of the workflow:\n*{self.wanted}*\nis longer than {LONGEST} characters.\n\n"
                "To deploy this workflow to Argo Workflows, please assign a shorter name\nusing the option\n"
                "*argo-workflows --name <name> create*."
            )


def resolve_workflow_name(given: str | None) -> WorkflowName:
    """The template's name: the project's, the one given, or the flow's.

    Raises:
        MetaflowException: a name for a `@project` flow.
        Refused: one that Kubernetes does not take.

    Example:
        >>> resolve_workflow_name(None)  # of the flow My_Train
        WorkflowName(name='mytrain', token_prefix='my_train', ..., wanted='My_Train', old='mytrain')
    """
    project = current.get("project_name")
    if project and given:
        raise MetaflowException("--name is not supported for @projects. Use --branch instead.")
    if given and not (_VALID.fullmatch(given) and _KUBERNETES.fullmatch(given)):
        raise Refused(
            f"Name '{given}' contains invalid characters. The name must consist of lower case alphanumeric "
            "characters, '-' or '.', and must start with an alphabetic character, and end with an "
            "alphanumeric character."
        )
    wanted = str(current.project_flow_name if project else given or current.flow_name)
    cut = _short_name(project, wanted) if project and len(wanted) > LONGEST else wanted
    name = cut if _VALID.fullmatch(cut) else _sanitized(cut)
    if not _KUBERNETES.fullmatch(name):
        name = _only_valid(name)
    return WorkflowName(
        name=name,
        token_prefix=token_prefix(wanted, project).lower(),
        is_project=bool(project),
        is_cut=name != wanted,
        wanted=wanted,
        old=_old_name(wanted, is_project=bool(project)),
    )


def _short_name(project: str, full: str) -> str:
    """Parts of project, branch and flow, in shares of their lengths, and a digest of the whole name."""
    parts = [project, str(current.branch_name), str(current.flow_name)]
    shares = _shares([len(part) for part in parts], LONGEST - _DIGEST - 1)
    of_project, of_branch, of_flow = shares
    short = (
        f"{_head_and_tail(parts[0], of_project)}.{parts[1][:of_branch]}.{_head_and_tail(parts[2], of_flow)}"
    )
    return f"{_sanitized(short)}-{_digest(full)[:_DIGEST]}"


def _shares(lengths: list[int], characters: int) -> list[int]:
    """How many characters each part gets: a least number, and the rest by length."""
    rest = characters - len(lengths) * _LEAST_OF_PART
    extras = [int(rest * length / sum(lengths)) for length in lengths]
    while sum(extras) < rest:
        extras[extras.index(min(extras))] += 1
    return [_LEAST_OF_PART + extra for extra in extras]


def _head_and_tail(text: str, characters: int) -> str:
    if len(text) <= characters:
        return text
    head = characters // 2
    return text[:head] + text[-(characters - head) :]


def _sanitized(text: str) -> str:
    """As stock Metaflow does it, so that its deployments are found."""
    return re.sub(r"[^a-z0-9]*\.[^a-z0-9]*", ".", _sanitized_before(text))


def _sanitized_before(text: str) -> str:
    """As Metaflow before 2.17 did it."""
    return re.sub(r"^[^A-Za-z0-9]+|[_@+]", "", text).lower()


def _only_valid(text: str) -> str:
    """Of a name that stock Metaflow could not deploy, what Kubernetes takes.

    Raises:
        Refused: that is nothing.
    """
    name = _sanitized(re.sub(r"[^a-z0-9.\-]", "", text)).strip(".-")
    if not name:
        raise Refused(f"Kubernetes takes no character of the name '{text}'. Please use the option --name.")
    return name


def _old_name(wanted: str, *, is_project: bool) -> str:
    name = wanted
    if len(wanted) > _LONGEST_OLD:
        if not is_project:
            return ""
        name = f"{wanted[:_OLD_CUT]}-{_digest(wanted)[:_OLD_DIGEST]}"
    return name if _VALID.fullmatch(name) else _sanitized_before(name)


def _digest(text: str) -> str:
    return base64.b32encode(hashlib.sha1(text.encode()).digest()).decode().lower()
