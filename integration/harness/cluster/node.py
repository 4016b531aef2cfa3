"""One Kubernetes node: etcd, containerd, the control plane, kubelet and kube-proxy."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from integration.harness.cluster.certificates import make_certificates
from integration.harness.cluster.components import COMPONENTS
from integration.harness.cluster.containers import Containers
from integration.harness.cluster.kernel import make_control_group, remove_control_group, unmount_below
from integration.harness.cluster.layout import NAMESPACE, NODE
from integration.harness.cluster.part import ClusterPart
from integration.harness.cluster.settings import write_settings
from integration.harness.process import base_env

_READY = '{.status.conditions[?(@.type=="Ready")].status}'


class KubernetesNode(ClusterPart):
    """The node of one cluster."""

    def start(self, kubernetes: Path, images: Sequence[Path]) -> None:
        """Start what does not run yet, and wait until pods can run.

        Args:
            kubernetes: the program of all components.
            images: archives for the node's image store.

        Raises:
            NotStarted: a component ended, or was not ready in time; the message holds the end of its log.
        """
        self.network.create()
        make_control_group(self.layout.name)
        make_certificates(self.layout)
        write_settings(self.layout)
        self._start("etcd", kubernetes)
        self._start("containerd", kubernetes)
        self._start("kube-apiserver", kubernetes)
        containers = Containers(self.layout)
        self.daemons.wait_for("containerd", containers.answers, 30)
        for image in images:
            containers.load(image)
        self.daemons.wait_for("kube-apiserver", lambda: self.kubectl.succeeds("get", "--raw", "/readyz"), 90)
        for component in ("kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet"):
            self._start(component, kubernetes)
        self.daemons.wait_for("kubelet", self.ready, 90)
        account = ["get", "serviceaccount", "default", f"--namespace={NAMESPACE}"]
        self.daemons.wait_for("kube-controller-manager", lambda: self.kubectl.succeeds(*account), 60)

    def ready(self) -> bool:
        """Whether the node takes pods."""
        asked = ["get", "node", NODE, "--ignore-not-found", f"--output=jsonpath={_READY}"]
        return self.kubectl.run(*asked) == "True"

    def stop(self) -> None:
        """End all processes, pods included, and take away mounts, namespaces, control groups and state."""
        self.daemons.stop([name for name in COMPONENTS if name != "containerd"], seconds=0)
        if self.daemons.alive("containerd"):
            Containers(self.layout).remove_all()
        self.daemons.stop(["containerd"], seconds=10)
        unmount_below(self.layout.run)
        remove_control_group(self.layout.name)
        self.network.delete()
        if self.layout.run.exists():
            shutil.rmtree(self.layout.run)

    def _start(self, component: str, kubernetes: Path) -> None:
        program = ["containerd"] if component == "containerd" else [str(kubernetes), component]
        command = self.network.command([*program, *COMPONENTS[component](self.layout)])
        self.daemons.start(component, command, base_env())
