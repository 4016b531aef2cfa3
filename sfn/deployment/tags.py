"""What a state machine's tags say of its flow: owner, production token, names.

https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#concepts-tagging
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from metaflow_provider.plan import FlowPlan, Refusal

OWNER = "metaflow.owner"
TOKEN = "metaflow.production_token"
FLOW = "metaflow.flow_name"
PROJECT = "metaflow.project_name"
BRANCH = "metaflow.branch_name"
VERSION = "metaflow.orchestrators_version"

_LONGEST_VALUE = 256
_ALLOWED_MARKS = "_.:/+-@"


def tags_of(plan: FlowPlan) -> dict[str, str]:
    """Tags of a plan's state machine. Those that do not apply are empty, so that none is left over.

    Raises:
        Refusal: a value that is too long for a tag.
    """
    values = {
        OWNER: plan.owner,
        TOKEN: plan.production_token,
        FLOW: plan.flow,
        PROJECT: plan.project.name if plan.project else "",
        BRANCH: plan.project.branch if plan.project else "",
        VERSION: plan.version,
    }
    return {key: _encoded(key, value) for key, value in values.items()}


def value_of(tags: Mapping[str, str], key: str) -> str:
    """The value that was given for a tag; empty when it is missing."""
    spelled = re.sub(
        rb"=([0-9A-F]{2})", lambda code: bytes.fromhex(code[1].decode()), tags.get(key, "").encode()
    )
    return spelled.decode(errors="replace")


def _encoded(key: str, value: str) -> str:
    """A value in the characters that AWS takes; others as in quoted-printable text, `=5C` for a backslash."""
    encoded = "".join(char if _allowed(char) else _code(char) for char in value)
    if len(encoded) > _LONGEST_VALUE:
        raise Refusal(f"{key} is {value[:40]}…, longer than the {_LONGEST_VALUE} characters of a tag in AWS")
    return encoded


def _allowed(char: str) -> bool:
    return char in _ALLOWED_MARKS or unicodedata.category(char)[0] in "LNZ"


def _code(char: str) -> str:
    return "".join(f"={byte:02X}" for byte in char.encode(errors="replace"))
