"""What every part of a cluster works with."""

from __future__ import annotations

from dataclasses import dataclass

from integration.harness.cluster.daemons import Daemons
from integration.harness.cluster.kubectl import Kubectl
from integration.harness.cluster.layout import Layout
from integration.harness.cluster.network import NetworkNamespace


@dataclass(frozen=True)
class ClusterPart:
    """A part of one cluster.

    Args:
        layout: the cluster's folders.
        network: its network namespace.
        daemons: its processes.
        kubectl: of this cluster.
    """

    layout: Layout
    network: NetworkNamespace
    daemons: Daemons
    kubectl: Kubectl
