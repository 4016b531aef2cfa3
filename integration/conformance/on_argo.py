"""Runs the corpus on Argo Workflows: deployed by `argo-workflows create`, run by a cluster's controller."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tenacity import retry, retry_if_result, stop_after_delay, wait_fixed

from integration.conformance.commands import CommandFailed, run, run_what_is_needed
from integration.conformance.compare import RunSnapshot, differences, snapshot_in
from integration.conformance.corpus import Case, parameter_options, placed
from integration.conformance.reference import USER, reference
from integration.harness.cluster.cluster import Cluster
from integration.harness.process import base_env, cache_dir

_ENDED = ("Succeeded", "Failed", "Error")


def environment(cluster: Cluster) -> dict[str, str]:
    """Variables of who deploys to the cluster and reads its runs."""
    return {**base_env(), **cluster.env, "METAFLOW_USER": USER, "PYTHONHASHSEED": "0"}


def deployment_name(case: Case) -> str:
    """What the case's flow is called on the cluster; of a flow of a project, the project says."""
    if case.own_name:
        return case.flow.lower()
    return f"case-{case.name}".replace("_", "-").lower()


def run_on_argo(case: Case, cluster: Cluster, folder: Path, seconds: float = 1800) -> RunSnapshot:
    """Deploy the case, run it, and read the run.

    Raises:
        CommandFailed: the run ended otherwise than the case expects.
    """
    env = environment(cluster)
    name = [] if case.own_name else ["--name", deployment_name(case)]
    started = folder / "started.json"
    with cluster.inside():
        run_what_is_needed(case, env, folder)
        top = [sys.executable, str(placed(case, folder)), "--no-pylint", *case.top_options]
        top += ["argo-workflows", *name]
        run([*top, "create", *case.run_options], env, folder)
        given = parameter_options(case.parameters)
        run([*top, "trigger", f"--deployer-attribute-file={started}", *given], env, folder)
    run_id = json.loads(started.read_text())["pathspec"].split("/")[1]
    workflow = run_id.removeprefix("argo-")
    status = ended(cluster, workflow, seconds)
    if (status["phase"] == "Succeeded") != case.expect_success:
        raise CommandFailed(f"case {case.name} ended as {status['phase']}: {_said(status)}")
    with cluster.inside():
        found = snapshot_in(env, case.flow, run_id)
    cluster.kubectl.run("delete", "workflow", workflow, "--wait=false")
    return found


def differences_from_run(case: Case, cluster: Cluster, folder: Path) -> list[str]:
    """What differs between the case on Argo Workflows and by `python flow.py run`."""
    expected = reference(case, cache_dir() / "references").snapshot
    found = run_on_argo(case, cluster, folder)
    return differences(expected, found, ordered=case.ordered, values=case.values, logs=case.logs)


def ended(cluster: Cluster, workflow: str, seconds: float) -> dict[str, object]:
    """The status of a workflow that has ended."""

    @retry(
        retry=retry_if_result(lambda status: status.get("phase") not in _ENDED),
        wait=wait_fixed(2),
        stop=stop_after_delay(seconds),
    )
    def look() -> dict[str, object]:
        status: dict[str, object] = cluster.kubectl.get("workflow", workflow).get("status", {})
        return status

    return look()


def _said(status: dict[str, object]) -> str:
    """What the nodes that did not succeed say."""
    nodes = status.get("nodes")
    assert isinstance(nodes, dict)
    failed = (node for node in nodes.values() if node["phase"] in ("Failed", "Error"))
    lines = [f"{node['displayName']}: {node.get('message', '')[:300]}" for node in failed]
    return "\n".join([str(status.get("message", "")), *lines])
