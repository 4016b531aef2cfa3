"""Volumes of a pod: memory as a file system, shared memory, persistent volume claims.

https://kubernetes.io/docs/concepts/storage/volumes/
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from hera.workflows import models
from hera.workflows.models.io.k8s.apimachinery.pkg.api.resource import Quantity

from metaflow_provider.plan import Step

from ..kubernetes_names import is_volume
from .attributes import number, texts

_TMPFS, _SHARED_MEMORY = "tmpfs-ephemeral-volume", "dhsm"


@dataclass(frozen=True)
class Mounted:
    """A volume and where it is seen."""

    volume: models.Volume
    path: str

    @property
    def mount(self) -> models.VolumeMount:
        """The container's part of it."""
        return models.VolumeMount(name=self.volume.name, mount_path=self.path)


def mounted(step: Step) -> list[Mounted]:
    """The volumes of a step's pod.

    Raises:
        Refusal: a size that is no number, or claims that are no mapping of texts.
    """
    return list(_mounted(step))


def has_tmpfs(step: Step) -> bool:
    """Whether a part of the pod's memory is a file system."""
    return bool(step.compute.attributes.get("use_tmpfs") or step.compute.attributes.get("tmpfs_size"))


def _mounted(step: Step) -> Iterator[Mounted]:
    attributes = step.compute.attributes
    if has_tmpfs(step):
        given = attributes.get("tmpfs_size")
        size = number(step, "tmpfs_size") if given else str(int(float(attributes["memory"])) // 2)
        yield Mounted(_memory(_TMPFS, size), attributes["tmpfs_path"])
    if attributes.get("shared_memory"):
        yield Mounted(_memory(_SHARED_MEMORY, number(step, "shared_memory")), "/dev/shm")
    for claim, path in texts(step, "persistent_volume_claims").items():
        source = models.PersistentVolumeClaimVolumeSource(claim_name=claim)
        yield Mounted(models.Volume(name=_volume_name(claim), persistent_volume_claim=source), path)


def _volume_name(claim: str) -> str:
    """A name that no other volume has; a volume's name has no dots, and is shorter than a claim's may be."""
    if is_volume(claim) and claim not in (_TMPFS, _SHARED_MEMORY):
        return claim
    return f"claim-{hashlib.sha256(claim.encode()).hexdigest()[:12]}"


def _memory(name: str, mebibytes: str) -> models.Volume:
    return models.Volume(
        name=name,
        empty_dir=models.EmptyDirVolumeSource(medium="Memory", size_limit=Quantity(root=f"{mebibytes}Mi")),
    )
