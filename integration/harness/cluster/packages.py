"""What comes as packages of the distribution: the container runtime, its network plugins, debootstrap."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from integration.harness.process import Missing

PACKAGES = (
    "containerd",
    "runc",
    "containernetworking-plugins",
    "conntrack",
    "debootstrap",
    "iproute2",
    "iptables",
    "openssl",
)


def check_machine() -> None:
    """What no package can bring.

    Raises:
        Missing: the cluster cannot run here; the message says what it takes.
    """
    if sys.platform != "linux" or os.geteuid() != 0:
        raise Missing(
            "the cluster runs as root on Linux: it mounts, makes a network namespace and control groups"
        )
    if shutil.which("apt-get") is None:
        raise Missing(
            "the cluster's container runtime comes by apt-get, which is not here: use a cluster of your own"
        )


def install_packages() -> None:
    """Install those of PACKAGES that are not there yet; nothing of them is started.

    Raises:
        Missing: apt cannot install them.
    """
    absent = [name for name in PACKAGES if not _installed(name)]
    if not absent:
        return
    print(f"installing {', '.join(absent)}", file=sys.stderr)
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", *absent]):
        done = subprocess.run(["apt-get", "-qq", *arguments], env=env, capture_output=True, text=True)
        if done.returncode:
            raise Missing(
                f"apt-get {arguments[0]} failed, needed for {', '.join(absent)}: {done.stderr.strip()[-300:]}"
            )


def _installed(name: str) -> bool:
    asked = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status}", name], capture_output=True, text=True
    )
    return asked.stdout == "installed"
