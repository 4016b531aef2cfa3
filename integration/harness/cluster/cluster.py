"""What tests use of a Kubernetes cluster with Argo Workflows, and the cluster that a user has already."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from integration.harness.cluster.kubectl import Kubectl
from integration.harness.cluster.layout import NAMESPACE
from integration.harness.process import Missing

_CALLERS = ("METAFLOW_", "AWS_")


class Cluster(ABC):
    """What tests use of a cluster.

    Example:
        with running_cluster() as cluster:
            env = {**base_env(), **cluster.env}
            command = cluster.command([sys.executable, "flow.py", "argo-workflows", "create"])
            subprocess.run(command, env=env, check=True)
            with cluster.inside():
                requests.get(f"{cluster.argo_server}/api/v1/version")
    """

    kubeconfig: Path
    namespace: str
    argo_server: str
    argo: str
    """The `argo` command, of the version of the cluster."""
    kubectl: Kubectl

    @property
    @abstractmethod
    def env(self) -> dict[str, str]:
        """What Metaflow, boto3 and kubectl need to deploy to it, to run there, and to read results."""

    @abstractmethod
    def command(self, command: Sequence[str]) -> list[str]:
        """A command line that runs `command` in the cluster's network."""

    @abstractmethod
    def inside(self) -> AbstractContextManager[None]:
        """Within it, what this thread connects to, and what it starts, is in the cluster's network."""

    @abstractmethod
    def load_image(self, archive: Path) -> None:
        """Give the node an image, from an archive as `docker save` and `images.write_image` write it."""


class OwnCluster(Cluster):
    """The cluster of the user's current context.

    Argo Server is expected where ARGO_SERVER says (`host:port`, or an address with its scheme).

    Raises:
        Missing: there is no kubeconfig.
    """

    def __init__(self) -> None:
        default = Path.home() / ".kube" / "config"
        self.kubeconfig = Path(os.environ.get("KUBECONFIG") or default)
        if not self.kubeconfig.exists():
            raise Missing(f"there is no kubeconfig at {self.kubeconfig}: set KUBECONFIG")
        self.namespace = os.environ.get("METAFLOW_KUBERNETES_NAMESPACE", NAMESPACE)
        server = os.environ.get("ARGO_SERVER", "localhost:2746")
        self.argo_server = server if "://" in server else f"https://{server}"
        self.argo = "argo"
        self.kubectl = Kubectl(["kubectl"], {"KUBECONFIG": str(self.kubeconfig)})

    @property
    def env(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if name.startswith(_CALLERS)}
        return {**own, "KUBECONFIG": str(self.kubeconfig)}

    def command(self, command: Sequence[str]) -> list[str]:
        return list(command)

    def inside(self) -> AbstractContextManager[None]:
        return nullcontext()

    def load_image(self, archive: Path) -> None:
        raise Missing(
            f"{archive.name} cannot be loaded into a cluster of the user's own: push it to its registry"
        )
