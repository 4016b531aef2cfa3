"""Versions of Argo Workflows: which a cluster has, and which are too old."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from metaflow_provider.plan import Refusal

Version = tuple[int, ...]

OLDEST: Version = (3, 6)
"""The first Argo with several schedules in a CronWorkflow and the expressions that flows use."""

_VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?")


def parse_version(text: str) -> Version | None:
    """The version in a text such as `v3.7.14+59f06b6`; `None` when there is none (builds from a branch).

    Example:
        >>> parse_version("v3.7.14")
        (3, 7, 14)
    """
    found = _VERSION.match(text)
    return tuple(int(number) for number in found.groups() if number) if found else None


def version_of_schema(definition: Mapping[str, Any]) -> Version | None:
    """What the resource definition of CronWorkflows tells: the oldest version that has this schema.

    Args:
        definition: the CustomResourceDefinition. Those of the minimal installation have no fields.

    Returns:
        (3, 5) for any before 3.6; `None` when the definition has no fields.

    Example:
        >>> version_of_schema({"spec": {"versions": []}}) is None
        True
    """
    for version in definition["spec"]["versions"]:
        schema = version.get("schema", {}).get("openAPIV3Schema", {})
        fields = schema.get("properties", {}).get("spec", {}).get("properties", {})
        if fields:
            return _told_by(fields)
    return None


def refuse_old(version: Version | None, where: str) -> None:
    """Refuse an Argo that cannot run our workflows.

    Raises:
        Refusal: it is older than `OLDEST`.
    """
    if version is not None and version < OLDEST:
        found, oldest = (".".join(map(str, each)) for each in (version, OLDEST))
        raise Refusal(
            f"Argo Workflows {found} in {where} is too old",
            remedy=f"upgrade it to {oldest} or later",
        )


def _told_by(cron_fields: Mapping[str, Any]) -> Version:
    if "schedules" not in cron_fields:
        return 3, 5
    return (3, 6) if "schedule" in cron_fields else (4, 0)
