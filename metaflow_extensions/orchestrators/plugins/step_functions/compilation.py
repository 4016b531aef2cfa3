"""From a loaded flow to its plan and the settings of its translation: nothing outside is asked or changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from metaflow_provider.plan import FlowPlan, Refusal
from metaflow_provider.plan.model import Limits
from metaflow_provider.plan.reader import Wishes, build_plan

from ..common.capabilities import check_capabilities, check_limits
from ..common.compute import attach_platform
from ..common.translators import named_translator
from .capabilities import STEP_FUNCTIONS

if TYPE_CHECKING:
    from sfn.settings import Settings
    from sfn.translation.translator import Translator

_TAG = re.compile(r"[A-Za-z0-9\s+\-=._:/@]*")


@dataclass(frozen=True)
class SfnWishes:
    """Options of the commands that compile a flow."""

    name: str
    tags: tuple[str, ...] = ()
    user_namespace: str | None = None
    batch_tags: tuple[str, ...] = ()
    max_workers: int = 100
    workflow_timeout: int | None = None
    distributed: bool | None = None


def read_plan(state: Any, wishes: SfnWishes) -> FlowPlan:
    """The flow's plan, without package and token.

    Raises:
        Refusal: the flow, or a wish, cannot be met on Step Functions.
    """
    if state.flow_datastore.TYPE != "s3":
        raise Refusal(
            "AWS Step Functions requires --datastore=s3", remedy="set METAFLOW_DEFAULT_DATASTORE=s3"
        )
    check_limits(wishes.max_workers, wishes.workflow_timeout)
    _refuse_slurm(state.graph)
    attach_platform(state, "batch", "kubernetes", "AWS Batch")
    plan = build_plan(
        state,
        Wishes(
            wishes.name,
            tags=wishes.tags,
            namespace=wishes.user_namespace or "",
            limits=Limits(wishes.max_workers, wishes.workflow_timeout),
            platforms=("batch", "kubernetes"),
        ),
    )
    check_capabilities(plan, STEP_FUNCTIONS)
    return plan


def read_settings(state: Any, wishes: SfnWishes) -> Settings:
    """Metaflow's configuration and the wishes, as settings of the translation; without the queues' platforms.

    Raises:
        Refusal: a malformed tag or role, or service headers with no secret to take them from.
    """
    from metaflow import metaflow_config as config

    from sfn import Account
    from sfn.settings import Settings

    return Settings(
        queue=config.BATCH_JOB_QUEUE or "",
        partition=Account(config.SFN_IAM_ROLE).partition if config.SFN_IAM_ROLE else "aws",
        distributed=wishes.distributed,
        batch_tags=dict(_tag(text) for text in wishes.batch_tags),
        emit_tags=bool(config.BATCH_EMIT_TAGS),
        default_timeout=config.DEFAULT_RUNTIME_LIMIT,
        secrets=_secrets(state),
    )


def with_platforms(plan: FlowPlan, settings: Settings, platform: Callable[[str], str]) -> Settings:
    """The settings with the platform of each job queue that the translator chooses.

    Args:
        plan: the flow.
        settings: without them.
        platform: `EC2` or `FARGATE`, of a queue.

    Raises:
        Refusal: a step has no queue, or no role for its jobs.
    """
    from sfn.queues import job_queues

    queues = job_queues(read_translator()(plan, settings))
    for step in plan.steps:
        if not step.compute.attributes.get("iam_role"):
            raise Refusal(
                "there is no IAM role for this step's AWS Batch job",
                step=step.name,
                line=step.line,
                remedy="set METAFLOW_ECS_S3_ACCESS_IAM_ROLE, or @batch(iam_role=...)",
            )
    return replace(settings, platforms={queue: platform(queue) for queue in queues})


def read_translator() -> type[Translator]:
    """The translator class of the setting METAFLOW_SFN_TRANSLATOR, or the default.

    Raises:
        Refusal: the setting does not name a translator.
    """
    from metaflow.metaflow_config import SFN_TRANSLATOR

    from sfn.translation.translator import Translator

    return named_translator("METAFLOW_SFN_TRANSLATOR", SFN_TRANSLATOR, Translator, "sfn.Translator")


def _refuse_slurm(graph: Any) -> None:
    for node in graph:
        if any(deco.name == "slurm" for deco in node.decorators):
            raise Refusal(
                f"Step *{node.name}* is marked for execution on Slurm with AWS Step Functions which isn't "
                "currently supported",
                remedy="remove @slurm",
            )


def _secrets(state: Any) -> dict[str, str]:
    """Service headers reach jobs by reference alone."""
    from metaflow.metaflow_config import SERVICE_HEADERS, SFN_SERVICE_HEADERS_SECRET

    from sfn.settings import HEADERS

    if SFN_SERVICE_HEADERS_SECRET:
        return {HEADERS: SFN_SERVICE_HEADERS_SECRET}
    if SERVICE_HEADERS and state.metadata.TYPE == "service":
        raise Refusal(
            "the metadata service takes headers, which are no content for a job definition",
            remedy=f"keep {HEADERS} in AWS Secrets Manager, and set METAFLOW_SFN_SERVICE_HEADERS_SECRET to "
            "the secret's ARN",
        )
    return {}


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    wrong = ""
    if not equals or not key:
        wrong = "is not KEY=VALUE"
    elif not _TAG.fullmatch(text):
        wrong = "has characters that AWS does not take in tags"
    elif len(key) > 128 or len(value) > 256:
        wrong = "is too long: a key has 128 characters at most, a value 256"
    elif key.lower().startswith("aws:"):
        wrong = "begins with aws:, which AWS keeps for itself"
    if wrong:
        raise Refusal(f"--aws-batch-tag {text} {wrong}", remedy="correct it")
    return key, value
