"""Control groups and mounts: what the kernel keeps of a cluster after its processes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def make_control_group(name: str) -> None:
    """Make the group that holds the cluster's pods, in every hierarchy."""
    for group in control_groups(name):
        group.mkdir(exist_ok=True)
        shares = group / "cpu.shares"
        if shares.exists():
            # What kubelet gives to its pods, too: of less they would wait for whatever else the machine does.
            shares.write_text(str(1024 * (os.cpu_count() or 1)))


def remove_control_group(name: str) -> None:
    """Remove the group and those that kubelet has made in it."""
    for group in control_groups(name):
        if group.exists():
            for folder in sorted((entry for entry in group.rglob("*") if entry.is_dir()), reverse=True):
                folder.rmdir()
            group.rmdir()


def mounts_below(folder: Path) -> list[str]:
    """Where something is mounted below a folder, the deepest first."""
    points = (line.split()[1].replace("\\040", " ") for line in Path("/proc/mounts").read_text().splitlines())
    return sorted((point for point in points if point.startswith(f"{folder}/")), reverse=True)


def unmount_below(folder: Path) -> None:
    """Take away what is mounted below a folder: volumes, container file systems, pods' namespaces."""
    while points := mounts_below(folder):
        subprocess.run(["umount", "--lazy", points[0]], check=True)


def control_groups(name: str) -> list[Path]:
    """The group of a name in every hierarchy: one of version 2, one a controller of version 1."""
    rows = (line.split() for line in Path("/proc/mounts").read_text().splitlines())
    return [Path(point) / name for _, point, kind, *_ in rows if kind in ("cgroup", "cgroup2")]
