"""Volumes of `@batch`: folders of the host, and EFS file systems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class _Volume:
    name: str
    path: str
    source: Mapping[str, Any]


def volumes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The field `volumes` of a container, if there are any.

    Args:
        attributes: of `@batch`; `host_volumes` and `efs_volumes` are one or several `SOURCE[:PATH]`.
    """
    found = [{"name": volume.name, **volume.source} for volume in _volumes(attributes)]
    return {"volumes": found} if found else {}


def mount_points(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The field `mountPoints` of a container, if there are any."""
    found = [{"sourceVolume": volume.name, "containerPath": volume.path} for volume in _volumes(attributes)]
    return {"mountPoints": found} if found else {}


def _volumes(attributes: Mapping[str, Any]) -> Iterator[_Volume]:
    for number, text in enumerate(_listed(attributes.get("host_volumes"))):
        source, _, path = text.partition(":")
        yield _Volume(f"host-{number}", path or source, {"host": {"sourcePath": source}})
    for number, text in enumerate(_listed(attributes.get("efs_volumes"))):
        source, _, path = text.partition(":")
        system = {"fileSystemId": source, "transitEncryption": "ENABLED"}
        yield _Volume(f"efs-{number}", path or f"/mnt/{source}", {"efsVolumeConfiguration": system})


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])
