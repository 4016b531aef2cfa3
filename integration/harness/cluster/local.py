"""The cluster that is built and started on this machine, in a network namespace of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import psutil
from filelock import FileLock

from integration.harness.cluster.argo import CONTROLLER, SERVER, SERVER_URL, ArgoWorkflows
from integration.harness.cluster.binaries import (
    ArgoPrograms,
    build_argo,
    build_coredns,
    build_jobset,
    build_kubernetes,
    build_pause,
    jobset_manifests,
)
from integration.harness.cluster.cluster import Cluster
from integration.harness.cluster.components import COMPONENTS
from integration.harness.cluster.containers import Containers
from integration.harness.cluster.daemons import Daemons
from integration.harness.cluster.gangs import Gangs
from integration.harness.cluster.images import program_image, python_image
from integration.harness.cluster.kubectl import Kubectl
from integration.harness.cluster.layout import (
    API_SERVICE_IP,
    ARGO_VERSIONS,
    NAMESPACE,
    NODE_IP,
    PAUSE_IMAGE,
    PYTHON_IMAGE,
    Layout,
    argoexec_image,
    jobset_image,
)
from integration.harness.cluster.network import NetworkNamespace
from integration.harness.cluster.node import KubernetesNode
from integration.harness.cluster.packages import check_machine, install_packages
from integration.harness.cluster.services import METADATA, STORE, Services

PARTS = ("dns", "jobset")
_ALWAYS = (*COMPONENTS, CONTROLLER, SERVER, STORE, METADATA)


@dataclass(frozen=True)
class Built:
    """Everything that a cluster is started from, in the cache."""

    kubernetes: Path
    argo: ArgoPrograms
    images: tuple[Path, ...]


@dataclass(frozen=True)
class RunningProcess:
    """A process of the node, and the memory that it holds."""

    pid: int
    mebibytes: int


@dataclass(frozen=True)
class Status:
    """What runs of a cluster.

    Args:
        argo: its version.
        up: whether all that a cluster consists of runs.
        processes: of the node, by name.
        kubeconfig: the administrator's.
        network: the name of the network namespace.
    """

    argo: str
    up: bool
    processes: Mapping[str, RunningProcess]
    kubeconfig: str
    network: str


class LocalCluster(Cluster):
    """The cluster of one version of Argo Workflows; those of two versions may run at once.

    Args:
        argo: one of ARGO_VERSIONS.

    Raises:
        Missing: from `build` and `up`, if this machine cannot build or run it.
        NotStarted: from `up`, if a part ended or did not answer in time.

    Example:
        cluster = LocalCluster("4.0.2")
        cluster.up()
        cluster.kubectl.get("pods")
        cluster.down()
    """

    def __init__(self, argo: str = ARGO_VERSIONS[0]) -> None:
        self.layout = Layout(argo)
        self.network = NetworkNamespace(self.layout.name)
        self.kubeconfig = self.layout.kubeconfig
        self.namespace = NAMESPACE
        self.argo_server = SERVER_URL
        self.argo = str(self.layout.bin / "argo")
        kubectl = self.network.command([str(self.layout.bin / "kubectl")])
        self.kubectl = Kubectl(kubectl, {"KUBECONFIG": str(self.kubeconfig)})
        self._daemons = Daemons(self.layout.pids, self.layout.logs)
        parts = (self.layout, self.network, self._daemons, self.kubectl)
        self._node = KubernetesNode(*parts)
        self._argo = ArgoWorkflows(*parts)
        self._services = Services(*parts)
        self._gangs = Gangs(*parts)

    @property
    def env(self) -> dict[str, str]:
        return {
            **self._services.env,
            "KUBECONFIG": str(self.kubeconfig),
            "NO_PROXY": f"127.0.0.1,localhost,{NODE_IP},{API_SERVICE_IP}",
            "no_proxy": f"127.0.0.1,localhost,{NODE_IP},{API_SERVICE_IP}",
            "METAFLOW_HOME": str(self.layout.run / "home"),
            "METAFLOW_KUBERNETES_NAMESPACE": self.namespace,
            "METAFLOW_KUBERNETES_SERVICE_ACCOUNT": "default",
            "METAFLOW_KUBERNETES_CONTAINER_IMAGE": PYTHON_IMAGE,
            "METAFLOW_KUBERNETES_IMAGE_PULL_POLICY": "IfNotPresent",
            # Metaflow's defaults would let two pods at once run on two cores.
            "METAFLOW_KUBERNETES_CPU": "0.1",
            "METAFLOW_KUBERNETES_MEMORY": "256",
            "METAFLOW_KUBERNETES_DISK": "100",
        }

    @property
    def path(self) -> Path:
        """The folder of `kubectl` and `argo`."""
        return self.layout.bin

    def command(self, command: Sequence[str]) -> list[str]:
        return self.network.command(command)

    def inside(self) -> AbstractContextManager[None]:
        return self.network.entered()

    def load_image(self, archive: Path) -> None:
        Containers(self.layout).load(archive)

    def is_up(self) -> bool:
        """Whether all that a cluster consists of runs."""
        return all(map(self._daemons.alive, _ALWAYS))

    def build(self, parts: Sequence[str] = ()) -> Built:
        """Install packages, build programs and make images: what is not in the cache yet.

        Args:
            parts: of PARTS.
        """
        check_machine()
        install_packages()
        argo = build_argo(self.layout.argo)
        executor = program_image(argoexec_image(self.layout.argo), argo.executor, "/bin/argoexec")
        images = (program_image(PAUSE_IMAGE, build_pause(), "/pause"), executor, python_image())
        if parts:
            build_coredns()
        if "jobset" in parts:
            self._jobset_image()
            jobset_manifests()
        return Built(build_kubernetes(), argo, images)

    def up(self, parts: Sequence[str] = ()) -> None:
        """Build what is missing, start what does not run yet, and wait until workflows can be submitted.

        Args:
            parts: of PARTS; JobSet brings DNS with it.
        """
        built = self.build(parts)
        with self._locked():
            if not any(map(self._daemons.alive, _ALWAYS)):
                self._clear()  # what a crash or a restart of the machine has left
            self._link({"kubectl": built.kubernetes, "argo": built.argo.cli})
            self._node.start(built.kubernetes, built.images)
            self._argo.start(built.argo)
            self._services.start()
            if parts:
                self._gangs.start_dns(build_coredns())
            if "jobset" in parts:
                self._gangs.start_jobset(self._jobset_image(), jobset_manifests())

    def down(self) -> None:
        """End every process of the cluster and take away its mounts, its namespace and what it has stored."""
        with self._locked():
            self._clear()

    def status(self) -> Status:
        """What runs of it."""
        pids = {name: self._daemons.pid(name) for name in self._daemons.names()}
        processes = {
            name: RunningProcess(pid, psutil.Process(pid).memory_info().rss >> 20)
            for name, pid in pids.items()
            if pid is not None
        }
        return Status(self.layout.argo, self.is_up(), processes, str(self.kubeconfig), self.network.name)

    def _clear(self) -> None:
        others = [name for name in self._daemons.names() if name not in COMPONENTS]
        self._daemons.stop(others, seconds=5)
        self._node.stop()

    def _link(self, programs: Mapping[str, Path]) -> None:
        self.layout.bin.mkdir(parents=True, exist_ok=True)
        for name, program in programs.items():
            link = self.layout.bin / name
            if not link.is_symlink() or link.readlink() != program:
                link.unlink(missing_ok=True)
                link.symlink_to(program)

    def _locked(self) -> FileLock:
        self.layout.folder.mkdir(exist_ok=True)
        return FileLock(self.layout.folder / "lock")

    @staticmethod
    def _jobset_image() -> Path:
        return program_image(jobset_image(), build_jobset(), "/manager", user="65532:65532")
