"""A certificate authority for one cluster, bearer tokens for its components, and their kubeconfig files."""

from __future__ import annotations

import base64
import json
import secrets
import subprocess
from pathlib import Path

from integration.harness.cluster.layout import API_SERVICE_IP, API_URL, NAMESPACE, NODE, NODE_IP, Layout

# Who may do what follows from the group: https://kubernetes.io/docs/reference/access-authn-authz/rbac/
USERS = {
    "admin": ("admin", "system:masters"),
    "kubelet": (f"system:node:{NODE}", "system:nodes"),
    "controller-manager": ("system:kube-controller-manager", "system:masters"),
    "scheduler": ("system:kube-scheduler", "system:masters"),
    "proxy": ("system:kube-proxy", "system:masters"),
}
_API_NAMES = (
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
)


def make_certificates(layout: Layout) -> None:
    """Write keys, certificates, tokens and kubeconfig files, unless they are there."""
    folder = layout.certificates
    if layout.kubeconfig.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    _make_key(folder / "ca.key")
    authority = [
        "req",
        "-x509",
        "-new",
        "-key",
        "ca.key",
        "-subj",
        "/CN=harness",
        "-days",
        "3650",
        "-out",
        "ca.crt",
    ]
    _openssl(folder, *authority)
    api_names = [
        *(f"DNS:{name}" for name in _API_NAMES),
        "IP:127.0.0.1",
        f"IP:{NODE_IP}",
        f"IP:{API_SERVICE_IP}",
    ]
    _sign(folder, "apiserver", "/CN=kube-apiserver", api_names)
    _sign(folder, "kubelet", f"/CN={NODE}", [f"DNS:{NODE}", f"IP:{NODE_IP}"])
    _sign(folder, "kubelet-client", "/O=system:masters/CN=kube-apiserver", [])
    _openssl(folder, "genrsa", "-out", "service-accounts.key", "2048")
    _openssl(folder, "rsa", "-in", "service-accounts.key", "-pubout", "-out", "service-accounts.pub")
    tokens = {user: secrets.token_hex(16) for user in USERS}
    rows = [f'{tokens[user]},{name},{user},"{group}"\n' for user, (name, group) in USERS.items()]
    (folder / "tokens.csv").write_text("".join(rows))
    for user in reversed(USERS):  # the administrator's last: it says that all are there
        layout.kubeconfig_of(user).write_text(_kubeconfig(folder, user, tokens[user]))


def _kubeconfig(folder: Path, user: str, token: str) -> str:
    authority = base64.b64encode((folder / "ca.crt").read_bytes()).decode()
    named = "harness"
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": named, "cluster": {"server": API_URL, "certificate-authority-data": authority}}
            ],
            "users": [{"name": user, "user": {"token": token}}],
            "contexts": [
                {"name": named, "context": {"cluster": named, "user": user, "namespace": NAMESPACE}}
            ],
            "current-context": named,
        }
    )


def _sign(folder: Path, name: str, subject: str, alternatives: list[str]) -> None:
    """Make a key and a certificate that the authority has signed."""
    _make_key(folder / f"{name}.key")
    _openssl(folder, "req", "-new", "-key", f"{name}.key", "-subj", subject, "-out", f"{name}.csr")
    extensions = ["extendedKeyUsage=serverAuth,clientAuth"]
    if alternatives:
        extensions.append(f"subjectAltName={','.join(alternatives)}")
    (folder / f"{name}.ext").write_text("\n".join(extensions))
    by = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "3650", "-extfile", f"{name}.ext"]
    _openssl(folder, "x509", "-req", "-in", f"{name}.csr", *by, "-out", f"{name}.crt")


def _make_key(file: Path) -> None:
    _openssl(file.parent, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", file.name)


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
