"""Whether Kubernetes and Argo would take the objects, and whether they can run: what can be told offline.

Rules, a module for each subject: `naming`, `references`, `pods`, `runs`, `sizes`, `versions`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..version import OLDEST, Version, parse_version
from . import naming, pods, references, runs, sizes, versions
from .finding import ERROR, WARNING, Finding
from .workflow import Workflow, object_name

__all__ = ["ERROR", "WARNING", "Finding", "check"]


def check(objects: Iterable[Mapping[str, Any]], version: str = "") -> list[Finding]:
    """What is wrong with objects, in their order; nothing: an empty list.

    Args:
        objects: manifests as plain data, such as `bundle.objects()`.
        version: of Argo Workflows; empty: what any of the supported versions, 3.6 to 4.1, does not take.

    Raises:
        ValueError: a version that is none.

    Example:
        >>> check(bundle.objects(), version="4.0.2")
        []
    """
    wanted = [_parsed(version)] if version else [OLDEST, (4, 0), versions.NEWEST]
    found = [finding for manifest in objects for finding in _findings(_said(manifest), wanted)]
    return list(dict.fromkeys(found))


def _parsed(text: str) -> Version:
    version = parse_version(text)
    if version is None:
        raise ValueError(f"{text!r} is no version of Argo Workflows: expected one such as 3.7.14")
    return version


def _findings(manifest: dict[str, Any], wanted: list[Version]) -> Iterator[Finding]:
    where = object_name(manifest)
    yield from naming.object_findings(manifest, where)
    yield from sizes.object_findings(manifest, where)
    yield from runs.findings(manifest, where)
    if manifest.get("kind") == "CronWorkflow":
        for version in wanted:
            yield from versions.cron_findings(manifest, where, version)
    if manifest.get("kind") not in ("WorkflowTemplate", "ClusterWorkflowTemplate", "Workflow"):
        return
    workflow = Workflow(manifest)
    yield from naming.findings(workflow)
    yield from references.findings(workflow)
    yield from pods.findings(workflow)
    yield from sizes.findings(workflow)
    for version in wanted:
        yield from versions.findings(workflow, version)


def _said(data: Any) -> Any:
    """Plain data without nulls, which say nothing."""
    if isinstance(data, Mapping):
        return {key: _said(value) for key, value in data.items() if value is not None}
    return [_said(item) for item in data] if isinstance(data, list | tuple) else data
