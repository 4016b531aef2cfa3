"""Argo Workflows on a cluster: its resources, and its controller and server as processes of the node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from integration.harness.cluster.binaries import ArgoPrograms
from integration.harness.cluster.layout import NAMESPACE, NODE_IP, argoexec_image
from integration.harness.cluster.part import ClusterPart
from integration.harness.process import answers, base_env

ARGO_NAMESPACE = "argo"
CONTROLLER = "workflow-controller"
SERVER = "argo-server"
SERVER_URL = f"http://{NODE_IP}:2746"
_CONFIG_MAP = "workflow-controller-configmap"
_CONFIG = """\
nodeEvents: {enabled: false}
workflowEvents: {enabled: false}
executor: {imagePullPolicy: IfNotPresent}
"""
# What a task that starts a gang makes: a JobSet, or a Job with a Service.
_GANGS = {"jobset.x-k8s.io": ["jobsets"], "batch": ["jobs"], "": ["services"]}


class ArgoWorkflows(ClusterPart):
    """Argo Workflows of one cluster."""

    def start(self, programs: ArgoPrograms) -> None:
        """Install what is not there yet, start what does not run, and wait until both processes answer.

        Raises:
            NotStarted: a process ended, or was not ready in time; the message holds the end of its log.
        """
        if not self.daemons.alive(CONTROLLER):
            self._install(programs)
        self._run(CONTROLLER, [str(programs.controller), *self._controller_options()], self._controller_env())
        self._run(SERVER, [str(programs.cli), "server", *self._server_options()], {})
        with self.network.entered():
            self.daemons.wait_for(CONTROLLER, lambda: answers("http://127.0.0.1:6060/healthz"), 60)
            self.daemons.wait_for(SERVER, lambda: answers(f"{SERVER_URL}/api/v1/version"), 60)

    def _install(self, programs: ArgoPrograms) -> None:
        files = [f"--filename={file}" for file in sorted(programs.crds.glob("argoproj.io_*.yaml"))]
        self.kubectl.run("apply", "--server-side", "--force-conflicts", *files)
        self.kubectl.apply(
            [
                {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ARGO_NAMESPACE}},
                {
                    "apiVersion": "v1",
                    "kind": "ConfigMap",
                    "metadata": {"name": _CONFIG_MAP, "namespace": ARGO_NAMESPACE},
                    "data": {"config": _CONFIG},
                },
                *_role("executor", {"argoproj.io": ["workflowtaskresults"]}, ["create", "patch"]),
                *_role("gangs", _GANGS, ["create", "delete", "get", "list", "patch", "watch"]),
            ]
        )
        kinds = ("workflows", "workflowtemplates", "cronworkflows", "workflowtaskresults", "workflowtasksets")
        for kind in kinds:
            self.kubectl.run("wait", "--for=create", f"crd/{kind}.argoproj.io", "--timeout=30s")
            self.kubectl.run(
                "wait", "--for=condition=established", f"crd/{kind}.argoproj.io", "--timeout=60s"
            )

    def _run(self, name: str, command: list[str], env: dict[str, str]) -> None:
        self.daemons.start(name, self.network.command(command), {**base_env(), **env})

    def _controller_options(self) -> list[str]:
        return [
            f"--kubeconfig={self.layout.kubeconfig}",
            f"--namespace={ARGO_NAMESPACE}",
            f"--configmap={_CONFIG_MAP}",
            f"--executor-image={argoexec_image(self.layout.argo)}",
            "--executor-image-pull-policy=IfNotPresent",
            "--qps=200",
            "--burst=400",
        ]

    def _controller_env(self) -> dict[str, str]:
        # The controller looks at a workflow again after this long; its own default is ten seconds.
        return {
            "LEADER_ELECTION_DISABLE": "true",
            "ARGO_NAMESPACE": ARGO_NAMESPACE,
            "DEFAULT_REQUEUE_TIME": "1s",
        }

    def _server_options(self) -> list[str]:
        return [
            f"--kubeconfig={self.layout.kubeconfig}",
            f"--namespace={ARGO_NAMESPACE}",
            "--auth-mode=server",
            "--secure=false",
            "--port=2746",
            "--kube-api-qps=200",
            "--kube-api-burst=400",
        ]


def _role(name: str, resources: Mapping[str, Sequence[str]], verbs: Sequence[str]) -> list[object]:
    """A role, and its binding to the service account that tasks run as."""
    metadata = {"name": name, "namespace": NAMESPACE}
    kind = "rbac.authorization.k8s.io"
    return [
        {
            "apiVersion": f"{kind}/v1",
            "kind": "Role",
            "metadata": metadata,
            "rules": [
                {"apiGroups": [group], "resources": list(names), "verbs": list(verbs)}
                for group, names in resources.items()
            ],
        },
        {
            "apiVersion": f"{kind}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": NAMESPACE}],
            "roleRef": {"kind": "Role", "name": name, "apiGroup": kind},
        },
    ]
