"""What a state machine's tags say of its flow: owner, production token, names.

https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#concepts-tagging
"""

from __future__ import annotations

from collections.abc import Mapping

from metaflow_provider.plan import FlowPlan

from ..tag_text import decoded, encoded

OWNER = "metaflow.owner"
TOKEN = "metaflow.production_token"
FLOW = "metaflow.flow_name"
PROJECT = "metaflow.project_name"
BRANCH = "metaflow.branch_name"
VERSION = "metaflow.orchestrators_version"


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
    return {key: encoded(key, value) for key, value in values.items()}


def value_of(tags: Mapping[str, str], key: str) -> str:
    """The value that was given for a tag; empty when it is missing."""
    return decoded(tags.get(key, ""))
