"""The arguments that each component of the node is started with."""

from __future__ import annotations

from integration.harness.cluster.layout import NODE, NODE_IP, SERVICE_NETWORK, Layout

_ETCD = "http://127.0.0.1:2379"
_ETCD_PEERS = "http://127.0.0.1:2380"


def etcd(layout: Layout) -> list[str]:
    return [
        f"--data-dir={layout.run / 'etcd'}",
        "--unsafe-no-fsync",  # what it holds lives as long as the cluster
        f"--name={NODE}",
        f"--listen-client-urls={_ETCD}",
        f"--advertise-client-urls={_ETCD}",
        f"--listen-peer-urls={_ETCD_PEERS}",
        f"--initial-advertise-peer-urls={_ETCD_PEERS}",
        f"--initial-cluster={NODE}={_ETCD_PEERS}",
        "--quota-backend-bytes=1073741824",
        "--log-level=warn",
    ]


def containerd(layout: Layout) -> list[str]:
    return [f"--config={layout.run / 'containerd.toml'}"]


def api_server(layout: Layout) -> list[str]:
    certificates = layout.certificates
    return [
        f"--etcd-servers={_ETCD}",
        f"--advertise-address={NODE_IP}",
        "--bind-address=0.0.0.0",
        "--secure-port=6443",
        f"--tls-cert-file={certificates / 'apiserver.crt'}",
        f"--tls-private-key-file={certificates / 'apiserver.key'}",
        f"--client-ca-file={certificates / 'ca.crt'}",
        f"--token-auth-file={certificates / 'tokens.csv'}",
        f"--service-account-key-file={certificates / 'service-accounts.pub'}",
        f"--service-account-signing-key-file={certificates / 'service-accounts.key'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-cluster-ip-range={SERVICE_NETWORK}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        f"--kubelet-client-certificate={certificates / 'kubelet-client.crt'}",
        f"--kubelet-client-key={certificates / 'kubelet-client.key'}",
        f"--kubelet-certificate-authority={certificates / 'ca.crt'}",
        "--kubelet-preferred-address-types=InternalIP",
        "--profiling=false",
    ]


def controller_manager(layout: Layout) -> list[str]:
    certificates = layout.certificates
    return [
        *_client(layout, "controller-manager"),
        f"--service-account-private-key-file={certificates / 'service-accounts.key'}",
        f"--root-ca-file={certificates / 'ca.crt'}",
        f"--cluster-signing-cert-file={certificates / 'ca.crt'}",
        f"--cluster-signing-key-file={certificates / 'ca.key'}",
    ]


def scheduler(layout: Layout) -> list[str]:
    return _client(layout, "scheduler")


def kube_proxy(layout: Layout) -> list[str]:
    return [f"--config={layout.run / 'proxy.yaml'}"]


def kubelet(layout: Layout) -> list[str]:
    return [
        f"--config={layout.run / 'kubelet.yaml'}",
        f"--kubeconfig={layout.kubeconfig_of('kubelet')}",
        f"--root-dir={layout.run / 'kubelet'}",
        f"--cert-dir={layout.certificates}",
        f"--hostname-override={NODE}",
        f"--node-ip={NODE_IP}",
    ]


def _client(layout: Layout, user: str) -> list[str]:
    """Of a component that is a client of the API server and runs alone."""
    return [
        f"--kubeconfig={layout.kubeconfig_of(user)}",
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
        "--authentication-skip-lookup=true",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
    ]


# In the order of their start.
COMPONENTS = {
    "etcd": etcd,
    "containerd": containerd,
    "kube-apiserver": api_server,
    "kube-controller-manager": controller_manager,
    "kube-scheduler": scheduler,
    "kube-proxy": kube_proxy,
    "kubelet": kubelet,
}
