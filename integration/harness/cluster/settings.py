"""The configuration files of the container runtime, its network plugin, kubelet and kube-proxy."""

from __future__ import annotations

import json
from pathlib import Path

from integration.harness.cluster.layout import (
    BRIDGE,
    FIRST_POD_IP,
    NODE,
    NODE_IP,
    PAUSE_IMAGE,
    POD_NETWORK,
    Layout,
)

CNI_PLUGINS = Path("/usr/lib/cni")

_CONTAINERD = """\
version = 2
root = "{images}"
state = "{run}/containerd"
oom_score = 0
disabled_plugins = [
  "io.containerd.internal.v1.opt",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
]
[grpc]
  address = "{socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  # Without CAP_SYS_RESOURCE a process may not lower its oom_score_adj, as a pod's sandbox would.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{cni}"
    conf_dir = "{run}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
"""


def write_settings(layout: Layout) -> None:
    """Write the files into the cluster's run folder."""
    run = layout.run
    containerd = _CONTAINERD.format(
        images=layout.images, run=run, socket=layout.socket, pause=PAUSE_IMAGE, cni=CNI_PLUGINS
    )
    files = {
        "cni/10-bridge.conflist": json.dumps(_cni(run)),
        "containerd.toml": containerd,
        "kubelet.yaml": json.dumps(_kubelet(layout)),
        "proxy.yaml": json.dumps(_proxy(layout)),
        "resolv.conf": "",
    }
    for name, text in files.items():
        file = run / name
        if not file.exists() or file.read_text() != text:  # kube-proxy ends when its file is written
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)


def _cni(run: Path) -> object:
    # https://www.cni.dev/plugins/current/main/bridge/
    addresses = {
        "type": "host-local",
        "dataDir": str(run / "pod-addresses"),
        "routes": [{"dst": "0.0.0.0/0"}],
        "ranges": [[{"subnet": POD_NETWORK, "rangeStart": FIRST_POD_IP, "gateway": NODE_IP}]],
    }
    bridge = {"type": "bridge", "bridge": BRIDGE, "isGateway": True, "hairpinMode": True, "ipam": addresses}
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "0.4.0", "name": "pods", "plugins": [bridge, ports]}


def _kubelet(layout: Layout) -> object:
    # https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
    certificates = layout.certificates
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": False},
            "x509": {"clientCAFile": str(certificates / "ca.crt")},
        },
        "authorization": {"mode": "AlwaysAllow"},
        "tlsCertFile": str(certificates / "kubelet.crt"),
        "tlsPrivateKeyFile": str(certificates / "kubelet.key"),
        "address": NODE_IP,
        "healthzBindAddress": "127.0.0.1",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{layout.name}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "containerRuntimeEndpoint": f"unix://{layout.socket}",
        "podLogsDir": str(layout.run / "pod-logs"),
        "resolvConf": str(layout.run / "resolv.conf"),
        "clusterDNS": [NODE_IP],
        "clusterDomain": "cluster.local",
        "maxPods": 250,
        # An image that is removed could not be had again, and the disk is the machine's own business.
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "0%",
            "nodefs.inodesFree": "0%",
            "imagefs.available": "0%",
            "imagefs.inodesFree": "0%",
        },
        "eventRecordQPS": 0,
        "kubeAPIQPS": 200,
        "kubeAPIBurst": 400,
        "volumePluginDir": str(layout.run / "volume-plugins"),
    }


def _proxy(layout: Layout) -> object:
    # https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "clusterCIDR": POD_NETWORK,
        "hostnameOverride": NODE,
        "clientConnection": {"kubeconfig": str(layout.kubeconfig_of("proxy"))},
        # A network namespace may not write the settings of connection tracking.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        "metricsBindAddress": "127.0.0.1:10249",
    }
