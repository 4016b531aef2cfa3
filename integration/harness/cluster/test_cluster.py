"""Pods of the cluster reach what tasks need, Metaflow's own deployments run, and nothing of it stays."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from integration.harness.cluster.cluster import Cluster
from integration.harness.cluster.kernel import control_groups, mounts_below
from integration.harness.cluster.layout import ARGO_VERSIONS, PYTHON_IMAGE
from integration.harness.cluster.local import LocalCluster
from integration.harness.process import base_env, wait_until

pytestmark = pytest.mark.argo

# Metaflow by itself: this package is for others to test.
STOCK = {"METAFLOW_EXTENSIONS_SEARCH_DIRS": "/nonexistent"}

REACHES = """
import boto3, os, ssl, urllib.request
store = boto3.client("s3", endpoint_url=os.environ["METAFLOW_S3_ENDPOINT_URL"])
bucket = os.environ["METAFLOW_DATASTORE_SYSROOT_S3"].split("/")[2]
store.put_object(Bucket=bucket, Key="probes/a-pod", Body=b"from a pod")
urllib.request.urlopen(os.environ["METAFLOW_SERVICE_URL"] + "/ping").read()
api = "https://" + os.environ["KUBERNETES_SERVICE_HOST"] + "/version"
urllib.request.urlopen(api, context=ssl._create_unverified_context()).read()
"""

# The first listens, the second calls it by its name in the cluster's DNS.
MEMBER = """
import socket, time
if socket.gethostname() == "pair-member-0-0":
    with socket.create_server(("", 9999)) as server:
        server.accept()
else:
    while True:
        try:
            socket.create_connection(("pair-member-0-0.pair", 9999), timeout=5)
            break
        except OSError:
            time.sleep(0.5)
"""

SLEEPER = {"image": PYTHON_IMAGE, "command": ["sleep", "1000"]}

FLOW = """
from metaflow import FlowSpec, Parameter, step

class ClusterFlow(FlowSpec):
    n = Parameter("n", default=3)

    @step
    def start(self):
        self.items = list(range(self.n))
        self.next(self.square, foreach="items")

    @step
    def square(self):
        self.squared = self.input ** 2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(i.squared for i in inputs)
        self.next(self.end)

    @step
    def end(self):
        pass

if __name__ == "__main__":
    ClusterFlow()
"""

READ = """
import sys
from metaflow import Run, namespace
namespace(None)
run = Run(sys.argv[1])
print(run.successful, run.data.total)
"""


def submitted(cluster: Cluster, spec: object) -> str:
    """The name of a new workflow."""
    workflow = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"generateName": "probe-", "namespace": cluster.namespace},
        "spec": spec,
    }
    created = cluster.kubectl.run("create", "--filename=-", "--output=json", given=json.dumps(workflow))
    name: str = json.loads(created)["metadata"]["name"]
    return name


def ended(cluster: Cluster, workflow: str, seconds: float = 180) -> dict[str, Any]:
    """A workflow's status when it has ended; the workflow is removed."""
    status: dict[str, Any] = {}

    def look() -> bool:
        found = cluster.kubectl.get("workflow", workflow, f"--namespace={cluster.namespace}")
        status.update(found.get("status", {}))
        return status.get("phase") in ("Succeeded", "Failed", "Error")

    try:
        wait_until(look, seconds, f"workflow {workflow} ends", poll=0.5)
    finally:
        cluster.kubectl.run("delete", "workflow", workflow, f"--namespace={cluster.namespace}")
    return status


def metaflow(cluster: Cluster, folder: Path, *command: str) -> str:
    """What a Python command prints with Metaflow set up for the cluster."""
    env = {**base_env(), **cluster.env, **STOCK}
    done = subprocess.run(
        cluster.command([sys.executable, *command]), cwd=folder, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout + done.stderr


def phases(cluster: Cluster, workflow: str) -> list[str]:
    """Of a workflow's pods."""
    pods = cluster.kubectl.get("pods", f"--selector=workflows.argoproj.io/workflow={workflow}")
    return [pod["status"]["phase"] for pod in pods["items"]]


def pids(cluster: LocalCluster) -> dict[str, int]:
    return {name: process.pid for name, process in cluster.status().processes.items()}


def test_a_workflows_pods_reach_store_metadata_and_kubernetes(cluster: Cluster) -> None:
    variables = {name: value for name, value in cluster.env.items() if name.startswith(("METAFLOW_", "AWS_"))}
    container = {
        "image": cluster.env["METAFLOW_KUBERNETES_CONTAINER_IMAGE"],
        "command": ["python", "-c", REACHES],
        "env": [{"name": name, "value": value} for name, value in variables.items()],
    }
    spec = {"entrypoint": "main", "templates": [{"name": "main", "container": container}]}
    workflow = submitted(cluster, spec)
    status = ended(cluster, workflow)
    assert status["phase"] == "Succeeded", status


def test_metaflows_own_deployment_runs(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(FLOW)
    (tmp_path / "read.py").write_text(READ)
    metaflow(cluster, tmp_path, "flow.py", "--no-pylint", "argo-workflows", "create")
    triggering = ("trigger", "--n", "4", "--run-id-file", "run")
    metaflow(cluster, tmp_path, "flow.py", "--no-pylint", "argo-workflows", *triggering)
    metaflow(cluster, tmp_path, "flow.py", "--no-pylint", "argo-workflows", "delete")
    run = (tmp_path / "run").read_text().strip()
    status = ended(cluster, run.rpartition("/")[2].removeprefix("argo-"), seconds=300)
    assert status["phase"] == "Succeeded", status
    assert metaflow(cluster, tmp_path, "read.py", f"ClusterFlow/{run.rpartition('/')[2]}").split() == [
        "True",
        "14",
    ]


def test_argo_server_answers_who_is_in_the_network(cluster: Cluster) -> None:
    with cluster.inside():
        version = requests.get(f"{cluster.argo_server}/api/v1/version", timeout=20, verify=False).json()
    expected = cluster.layout.argo if isinstance(cluster, LocalCluster) else ""
    assert version["version"].startswith(f"v{expected}")


@pytest.mark.conformance
def test_members_of_a_gang_find_each_other_by_name(cluster: Cluster) -> None:
    if isinstance(cluster, LocalCluster):
        cluster.up(["jobset"])
    container = {
        "name": "main",
        "image": cluster.env["METAFLOW_KUBERNETES_CONTAINER_IMAGE"],
        "command": ["python", "-c", MEMBER],
    }
    pod = {"restartPolicy": "Never", "containers": [container]}
    job = {"parallelism": 1, "completions": 1, "backoffLimit": 0, "template": {"spec": pod}}
    gang = {
        "apiVersion": "jobset.x-k8s.io/v1alpha2",
        "kind": "JobSet",
        "metadata": {"name": "pair", "namespace": cluster.namespace},
        "spec": {
            "network": {"enableDNSHostnames": True, "subdomain": "pair"},
            "failurePolicy": {"maxRestarts": 0},
            "replicatedJobs": [{"name": "member", "replicas": 2, "template": {"spec": job}}],
        },
    }
    named = ("jobset", "pair", f"--namespace={cluster.namespace}")
    cluster.kubectl.apply([gang])
    try:
        wait_until(lambda: "terminalState" in cluster.kubectl.get(*named)["status"], 180, "the gang ends")
        assert cluster.kubectl.get(*named)["status"]["terminalState"] == "Completed"
    finally:
        cluster.kubectl.run("delete", *named)


class TestLocal:
    """What only the cluster of this machine promises."""

    @pytest.fixture
    def local(self, cluster: Cluster) -> LocalCluster:
        if not isinstance(cluster, LocalCluster):
            pytest.skip("INTEGRATION_CLUSTER=own: the cluster is not ours to look into")
        return cluster

    def test_starting_it_again_changes_nothing(self, local: LocalCluster) -> None:
        before = pids(local)
        local.up()
        assert pids(local) == before

    def test_no_device_leads_out_of_its_network(self, local: LocalCluster) -> None:
        asked = subprocess.run(local.command(["ip", "-json", "link"]), capture_output=True, check=True)
        names = [device["ifname"] for device in json.loads(asked.stdout)]
        assert all(name.startswith(("lo", "cni0", "keeper", "veth")) for name in names), names

    @pytest.mark.conformance
    def test_taking_it_down_leaves_nothing(self) -> None:
        idle = [cluster for cluster in map(LocalCluster, ARGO_VERSIONS) if not cluster.is_up()]
        if not idle:
            pytest.skip("the clusters of all versions are in use")
        cluster = idle[0]
        cluster.up()
        started = pids(cluster).values()
        endless = {"entrypoint": "main", "templates": [{"name": "main", "container": SLEEPER}]}
        workflow = submitted(cluster, endless)
        wait_until(lambda: "Running" in phases(cluster, workflow), 60, "a pod runs")
        cluster.down()
        assert not [pid for pid in started if psutil.pid_exists(pid)]
        assert not cluster.network.exists()
        assert not mounts_below(cluster.layout.folder)
        assert not [group for group in control_groups(cluster.layout.name) if group.exists()]
