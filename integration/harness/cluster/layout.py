"""Where a cluster's files are, and the addresses, names and versions that its parts agree on."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

from integration.harness.process import Missing, cache_dir

KUBERNETES = "1.34.4"
ARGO_VERSIONS = ("4.0.2", "3.7.14")
JOBSET = "0.11.1"

# All inside the cluster's network namespace, so clusters may share them.
NODE_IP = "10.77.0.1"  # on the pods' bridge: pods and processes of the node reach what listens there
POD_NETWORK = "10.77.0.0/16"
FIRST_POD_IP = "10.77.1.1"
SERVICE_NETWORK = "10.96.0.0/16"
API_SERVICE_IP = "10.96.0.1"
API_URL = f"https://{NODE_IP}:6443"
BRIDGE = "cni0"

NODE = "node"
NAMESPACE = "default"
PAUSE_IMAGE = "harness.local/pause:1"
PYTHON_IMAGE = "harness.local/python:1"


def argoexec_image(argo: str) -> str:
    return f"harness.local/argoexec:v{argo}"


def jobset_image() -> str:
    return f"harness.local/jobset:v{JOBSET}"


def shared_cache() -> Path:
    """The folder of what is built once for all clusters."""
    folder = cache_dir() / "cluster"
    folder.mkdir(exist_ok=True)
    return folder


def architecture() -> str:
    """This machine's, in the words of Go and of container images.

    Raises:
        Missing: nothing is built for it here.
    """
    known = {"x86_64": "amd64", "aarch64": "arm64"}
    machine = platform.machine()
    if machine not in known:
        raise Missing(f"the cluster is built for {' and '.join(known)}, and this machine is {machine}")
    return known[machine]


@dataclass(frozen=True)
class Layout:
    """The folders and names of the cluster of one version of Argo Workflows.

    Each version has a cluster of its own, and both may run at once.

    Args:
        argo: one of ARGO_VERSIONS.
    """

    argo: str

    @property
    def name(self) -> str:
        """Of its network namespace and its control group."""
        return f"metaflow-argo-{self.argo}"

    @property
    def folder(self) -> Path:
        return shared_cache() / f"argo-{self.argo}"

    @property
    def run(self) -> Path:
        """What lives as long as the cluster is up."""
        return self.folder / "run"

    @property
    def users(self) -> Path:
        """Which tests use the cluster."""
        return self.folder / "users"

    @property
    def images(self) -> Path:
        """containerd's store, which stays: unpacking the images takes ten seconds."""
        return self.folder / "containerd"

    @property
    def pids(self) -> Path:
        return self.run / "pids"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def bin(self) -> Path:
        """`kubectl` and `argo`, for PATH."""
        return self.run / "bin"

    @property
    def certificates(self) -> Path:
        return self.run / "certificates"

    @property
    def socket(self) -> Path:
        """containerd's."""
        return self.run / "containerd.sock"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's."""
        return self.kubeconfig_of("admin")

    def kubeconfig_of(self, user: str) -> Path:
        return self.run / f"{user}.kubeconfig"
