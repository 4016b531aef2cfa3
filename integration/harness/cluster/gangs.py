"""What gangs need: JobSet, and cluster DNS, by whose names the members of a gang find each other."""

from __future__ import annotations

import re
from pathlib import Path

from integration.harness.cluster.containers import Containers
from integration.harness.cluster.layout import NODE_IP, jobset_image
from integration.harness.cluster.part import ClusterPart
from integration.harness.process import answers, base_env

DNS = "coredns"
_CONTROLLER = "jobset-controller-manager"
_COREFILE = """\
.:53 {{
  bind {address}
  errors
  ready {address}:8181
  kubernetes cluster.local in-addr.arpa ip6.arpa {{
    kubeconfig {kubeconfig}
    pods insecure
    ttl 2
    fallthrough in-addr.arpa ip6.arpa
  }}
}}
"""


class Gangs(ClusterPart):
    """JobSet and DNS of one cluster."""

    def start_dns(self, coredns: Path) -> None:
        """Start CoreDNS on the node's address, which kubelet names to every pod."""
        corefile = self.layout.run / "Corefile"
        corefile.write_text(_COREFILE.format(address=NODE_IP, kubeconfig=self.layout.kubeconfig))
        self.daemons.start(DNS, self.network.command([str(coredns), "-conf", str(corefile)]), base_env())
        with self.network.entered():
            self.daemons.wait_for(DNS, lambda: answers(f"http://{NODE_IP}:8181/ready"), 30)

    def start_jobset(self, image: Path, manifests: Path) -> None:
        """Install JobSet and wait until its controller is ready.

        The controller requests no CPU: a task that asks for all of a small node's would never be scheduled.

        Args:
            image: the archive of its controller's image.
            manifests: JobSet's own folder of them, `config/default`.
        """
        Containers(self.layout).load(image)
        built = self.kubectl.run("kustomize", str(manifests))
        ours = re.sub(r"image: \S*/jobset:\S*", f"image: {jobset_image()}", built).replace(
            "cpu: 500m", "cpu: 0"
        )
        self.kubectl.run("apply", "--server-side", "--force-conflicts", "--filename=-", given=ours)
        waiting = [
            "rollout",
            "status",
            f"deployment/{_CONTROLLER}",
            "--namespace=jobset-system",
            "--timeout=180s",
        ]
        self.kubectl.run(*waiting)
