"""Argo Workflows beside stock: what a deployment takes to compile, how large it is, what a run costs.

The floor of a run is a chain of bare pods, which only import what every task imports and fetch one object.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from rich.table import Table

from hera_bridge.clients import Object
from integration.bench import compiling
from integration.bench.workplace import Workplace, stock
from integration.conformance.on_argo import ended, environment
from integration.harness.cluster.cluster import Cluster
from integration.harness.cluster.layout import PYTHON_IMAGE
from integration.harness.cluster.running import running_cluster
from integration.harness.process import Missing

STEPS = (10, 302, 500)
CHAIN = 10
# The most memory that the processes of a pod have had, by either version of control groups.
_PEAK = """
    def peak(self):
        from pathlib import Path
        for name in ("memory.peak", "memory/memory.max_usage_in_bytes"):
            file = Path("/sys/fs/cgroup", name)
            if file.exists():
                return int(file.read_text())
"""
_STEP = """
    @step
    def {name}(self):
        self.bytes = self.peak()
        {onward}
"""
_KEY = "bench"
_BARE = f"""
import boto3, metaflow, os
store = boto3.client("s3", endpoint_url=os.environ["METAFLOW_S3_ENDPOINT_URL"])
bucket = os.environ["METAFLOW_DATASTORE_SYSROOT_S3"].split("/")[2]
store.get_object(Bucket=bucket, Key="{_KEY}")["Body"].read()
"""


def measure(place: Workplace) -> Iterator[Table]:
    folder = place.subfolder("argo_workflows")
    yield _compiling(folder, place.s3.env)
    try:
        with running_cluster() as cluster:
            yield _running(cluster, folder)
    except Missing as missing:
        yield Table(title=f"A chain of {CHAIN} steps was not run: {missing}")


def _compiling(folder: Path, env: Mapping[str, str]) -> Table:
    table = compiling.table("argo-workflows create --only-json of N steps in a row (one run each)")
    for found in compiling.compiled("argo-workflows", STEPS, folder, env):
        table.add_row(*found.cells())
    return table


@dataclass(frozen=True)
class _Run:
    """What a run of a chain took: seconds, and MB of the largest pod (0 where it was not asked)."""

    seconds: float
    megabytes: float = 0


def _running(cluster: Cluster, folder: Path) -> Table:
    env = environment(cluster)
    flow = folder / "chain.py"
    flow.write_text(_chain())
    bare = _bare_chain(cluster)
    runs = {
        "ours": _run(cluster, env, flow, "bench-ours"),
        "stock": _run(cluster, stock(env), flow, "bench-stock"),
    }
    table = Table(title=f"A chain of {CHAIN} steps that do nothing, beside {CHAIN} bare pods")
    for column in ("", "seconds", "/ bare pods", "MB of the largest pod"):
        table.add_column(column, justify="right" if column else "left")
    table.add_row("bare pods", f"{bare.seconds:.0f}", "1.00", "")
    for name, run in runs.items():
        ratio = run.seconds / bare.seconds
        table.add_row(name, f"{run.seconds:.0f}", f"{ratio:.2f}", f"{run.megabytes:.0f}")
    return table


def _chain() -> str:
    names = ["start", *(f"step_{number}" for number in range(1, CHAIN - 1)), "end"]
    onward = [*(f"self.next(self.{name})" for name in names[1:]), ""]
    steps = "".join(_STEP.format(name=name, onward=each) for name, each in zip(names, onward, strict=True))
    head = "from metaflow import FlowSpec, step\n\n\nclass BenchChain(FlowSpec):\n"
    return f'{head}{_PEAK}{steps}\n\nif __name__ == "__main__":\n    BenchChain()\n'


def _run(cluster: Cluster, env: Mapping[str, str], flow: Path, name: str) -> _Run:
    """Deploy and run the chain."""
    started = flow.parent / f"{name}.json"
    command = [sys.executable, flow.name, "--quiet", "--no-pylint", "argo-workflows", "--name", name]
    read = (
        "import json, sys; from metaflow import Run, namespace; namespace(None); "
        "print(max(step.task.data.bytes for step in Run(sys.argv[1])))"
    )
    with cluster.inside():
        for rest in (("create",), ("trigger", f"--deployer-attribute-file={started}")):
            subprocess.run([*command, *rest], env=dict(env), cwd=flow.parent, check=True, capture_output=True)
        pathspec = json.loads(started.read_text())["pathspec"]
        seconds = _seconds(cluster, pathspec.split("/")[1].removeprefix("argo-"))
        peak = subprocess.run(
            [sys.executable, "-c", read, pathspec], env=dict(env), check=True, capture_output=True, text=True
        )
    return _Run(seconds, int(peak.stdout) / 2**20)


def _seconds(cluster: Cluster, workflow: str) -> float:
    """How long a workflow took, when it has succeeded."""
    status = ended(cluster, workflow, 900)
    if status["phase"] != "Succeeded":
        raise RuntimeError(f"{workflow} ended as {status['phase']}")
    begin, end = (
        datetime.fromisoformat(str(status[field]).replace("Z", "+00:00"))
        for field in ("startedAt", "finishedAt")
    )
    return (end - begin).total_seconds()


def _bare_chain(cluster: Cluster) -> _Run:
    variables = {name: value for name, value in cluster.env.items() if name.startswith(("METAFLOW_", "AWS_"))}
    store = urlsplit(variables["METAFLOW_DATASTORE_SYSROOT_S3"])
    with cluster.inside():
        client = boto3.client(
            "s3",
            endpoint_url=variables["METAFLOW_S3_ENDPOINT_URL"],
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        )
        client.put_object(Bucket=store.netloc, Key=_KEY, Body=b"x")
        made = cluster.kubectl.run(
            "create", "--output=name", "--filename=-", given=json.dumps(_bare(variables))
        )
        return _Run(_seconds(cluster, made.strip().rpartition("/")[2]))


def _bare(variables: Mapping[str, str]) -> Object:
    """A workflow of pods in a row."""
    container = {
        "image": PYTHON_IMAGE,
        "command": ["python", "-c", _BARE],
        "env": [{"name": name, "value": value} for name, value in variables.items()],
        "resources": {"requests": {"cpu": "0.05"}},
    }
    tasks: list[dict[str, Any]] = [{"name": f"pod-{number}", "template": "pod"} for number in range(CHAIN)]
    for before, task in pairwise(tasks):
        task["depends"] = before["name"]
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"generateName": "bench-bare-"},
        "spec": {
            "entrypoint": "chain",
            "templates": [
                {"name": "chain", "dag": {"tasks": tasks}},
                {"name": "pod", "container": container},
            ],
        },
    }
