"""The network namespace that a cluster lives in: nothing that it, its pods or a test in it sends can leave.

There is no device that leads out. Firewall rules, forwarding and the bridge live and die with the namespace.
"""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from integration.harness.cluster.layout import BRIDGE, NODE_IP

_CLONE_NEWNET = 0x40000000


@dataclass(frozen=True)
class NetworkNamespace:
    """A network namespace by its name.

    Example:
        network = NetworkNamespace("metaflow-argo-4.0.2")
        network.create()
        subprocess.run(network.command(["ip", "address"]), check=True)
    """

    name: str

    @property
    def path(self) -> Path:
        return Path("/run/netns").resolve() / self.name

    def exists(self) -> bool:
        return self.path.exists()

    def command(self, command: Sequence[str]) -> list[str]:
        """A command line that runs `command` inside.

        Not `ip netns exec`, which mounts /sys anew and hides the control groups.
        """
        return ["nsenter", f"--net={self.path}", "--", *command]

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Within it, this thread's new sockets and processes are inside; other threads are not."""
        with open("/proc/thread-self/ns/net") as before, self.path.open() as inside:
            _enter(inside.fileno())
            try:
                yield
            finally:
                _enter(before.fileno())

    def create(self) -> None:
        """Make it, with the bridge of the pods, unless it is there."""
        if self.exists():
            return
        _ip("netns", "add", self.name)
        try:
            self._furnish()
        except BaseException:
            self.delete()
            raise

    def delete(self) -> None:
        if self.exists():
            _ip("netns", "del", self.name)

    def _furnish(self) -> None:
        for arguments in (
            "link set lo up",
            f"link add {BRIDGE} type bridge",
            f"addr add {NODE_IP}/16 dev {BRIDGE}",
            f"link set {BRIDGE} up",
            # A pair that gives the bridge a carrier, and with it its routes, before the first pod is there.
            "link add keeper type veth peer name keeper-peer",
            f"link set keeper master {BRIDGE}",
            "link set keeper up",
            "link set keeper-peer up",
            # It leads nowhere; kubelet and kube-proxy want one.
            f"route add default dev {BRIDGE}",
        ):
            _ip("-n", self.name, *arguments.split())
        with self.entered():
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


def _enter(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns: cannot enter the network namespace")


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)
