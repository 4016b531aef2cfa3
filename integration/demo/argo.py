"""The demo on Argo Workflows: three flows compiled and checked, then deployed to a cluster and run there.

The cluster is the one that runs on this machine (`make cluster-up`), or one of your own. The results are
compared with those of `python flow.py run`.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from integration.conformance.commands import CommandFailed, run
from integration.conformance.compare import RunSnapshot, differences
from integration.conformance.corpus import Case
from integration.conformance.on_argo import run_on_argo
from integration.conformance.reference import reference
from integration.demo.cases import place_flows
from integration.demo.shown import Shown, show, summary
from integration.demo.talk import CONSOLE, DemoFailed, doing
from integration.harness.cluster.cluster import Cluster
from integration.harness.cluster.running import running_cluster
from integration.harness.process import Missing, base_env

# Compiling asks nothing of them.
_NOWHERE = {"METAFLOW_DEFAULT_DATASTORE": "s3", "METAFLOW_DATASTORE_SYSROOT_S3": "s3://bucket/metaflow"}
_SERVICE = {"METAFLOW_DEFAULT_METADATA": "service", "METAFLOW_SERVICE_URL": "http://127.0.0.1:9"}


def main() -> int:
    """Run the demo; 0 if every run succeeded and equals its reference, or there is no cluster to run on."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="metaflow-demo-") as name:
        folder = Path(name)
        cases = place_flows(folder / "flows")
        for case in cases:
            with doing(f"Compiling {case.flow} for Argo Workflows, and checking it"):
                said = _check(case, folder)
            CONSOLE.print(f"        {said}")
        try:
            with running_cluster() as cluster:
                shown = [_shown(case, cluster, folder) for case in cases]
        except Missing as missing:
            CONSOLE.print(f"The flows were not deployed and not run: {missing}")
            return 0
    for item in shown:
        show(item)
    return summary(shown, time.monotonic() - started)


def _check(case: Case, folder: Path) -> str:
    command = [sys.executable, str(case.file), "--no-pylint", "argo-workflows", "check"]
    env = {**base_env(), **_NOWHERE, **_SERVICE, "METAFLOW_HOME": str(folder / "home")}
    try:
        return run(command, env, folder).strip()
    except CommandFailed as failure:
        raise DemoFailed(str(failure)) from None


def _shown(case: Case, cluster: Cluster, folder: Path) -> Shown:
    with doing(f"Deploying {case.flow} to Argo Workflows and running it"):
        found = _run(case, cluster, folder)
    with doing(f"Comparing it with python {case.file.name} run"):
        expected = reference(case, folder / "references").snapshot
        differ = differences(expected, found, ordered=case.ordered, values=case.values)
    return Shown(case, found, differ)


def _run(case: Case, cluster: Cluster, folder: Path) -> RunSnapshot:
    try:
        return run_on_argo(case, cluster, folder)
    except CommandFailed as failure:
        raise DemoFailed(str(failure)) from None
