"""`--max-workers`, `--workflow-timeout`, `@timeout` and a killed pod, on the real controller."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hera.workflows.models.io.k8s.apimachinery.pkg.util.intstr import IntOrString

from hera_bridge import Kubernetes, Run
from hera_bridge.clients import WORKFLOW
from integration.argo.objects import stored
from integration.argo.places import compiled, done
from integration.harness.cluster.cluster import Cluster
from integration.harness.overlap import most_at_once
from integration.harness.script import said_by
from metaflow_provider.deployment import looks
from tests.flows import Place

pytestmark = [pytest.mark.argo, pytest.mark.conformance]

SECONDS = 400
HEAD = "import time\nfrom metaflow import *\n\n"
MAIN = '\n\nif __name__ == "__main__":\n    TrainFlow()\n'
SIX = """
class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.numbers = list(range(6))
        self.next(self.body, foreach="numbers")

    @step
    def body(self):
        time.sleep(3)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
SLEEPING = """
class TrainFlow(FlowSpec):
    @retry(times=1, minutes_between_retries=0)
    @step
    def start(self):
        if current.retry_count == 0:
            print("asleep", flush=True)
            time.sleep(600)
        self.attempt = current.retry_count
        self.next(self.end)

    @step
    def end(self):
        pass
"""
ASLEEP = """
class TrainFlow(FlowSpec):
    @step
    def start(self):
        time.sleep(600)
        self.next(self.end)

    @step
    def end(self):
        pass
"""
CAUGHT = """
class TrainFlow(FlowSpec):
    @catch(var="problem")
    @retry(times=1, minutes_between_retries=0)
    @timeout(seconds=60)
    @step
    def start(self):
        time.sleep(600)
        self.next(self.end)

    @step
    def end(self):
        self.seen = self.problem.type
"""


def started(kubernetes: Kubernetes, place: Place, name: str, text: str, *options: str) -> Run:
    """A run of the flow that has just been deployed."""
    place.write(HEAD + text + MAIN)
    done(place, name, "create", *options)
    done(place, name, "trigger", "--run-id-file", "run")
    workflow = (place.folder / "run").read_text().removeprefix("argo-")
    return Run(kubernetes, stored(kubernetes.get(WORKFLOW, workflow)))


def pods(run: Run, step: str) -> list[dict[str, Any]]:
    """The run's pods of a step."""
    run.refresh()
    nodes = run.workflow.get("status", {}).get("nodes", {}).values()
    return [node for node in nodes if node["type"] == "Pod" and node["templateName"] == step]


def artifact(place: Place, run: Run, step: str, name: str) -> Any:
    return said_by(
        f"""
        from metaflow import Run, namespace
        namespace(None)
        said = Run("TrainFlow/{run.id}")["{step}"].task["{name}"].data
        """,
        place.folder,
        place.env,
    )


def test_max_workers(kubernetes: Kubernetes, place: Place, name: str) -> None:
    run = started(kubernetes, place, name, SIX, "--max-workers=2")
    assert run.wait(SECONDS, every=2) == "SUCCEEDED", run.failure()
    bodies = pods(run, "body")
    assert len(bodies) == 6
    assert most_at_once((node["startedAt"], node["finishedAt"]) for node in bodies) == 2


def test_workflow_timeout(kubernetes: Kubernetes, place: Place, name: str) -> None:
    run = started(kubernetes, place, name, SLEEPING, "--workflow-timeout=15")
    assert run.wait(SECONDS, every=2) == "FAILED"
    assert run.stopped is not None
    assert (run.stopped - run.started).total_seconds() < 120
    said = json.loads(done(place, name, "status", run.id, "--json").out)
    assert (said["status"], "deadline" in said["failure"]) == ("FAILED", True)


def test_a_killed_pod_is_tried_again(
    kubernetes: Kubernetes, cluster: Cluster, place: Place, name: str
) -> None:
    run = started(kubernetes, place, name, SLEEPING)
    # Argo makes a pod that has hardly begun again, as the same try.
    assert any("asleep" in done(place, name, "logs", run.id).out for _ in looks(2, SECONDS))
    selector = f"--selector=workflows.argoproj.io/workflow={run.name}"
    cluster.kubectl.run(
        "delete", "pod", f"--namespace={cluster.namespace}", selector, "--grace-period=0", "--force"
    )
    assert run.wait(SECONDS, every=2) == "SUCCEEDED", run.failure()
    assert artifact(place, run, "start", "attempt") == 1


@pytest.mark.parametrize(("text", "tries"), [(ASLEEP, 1), (SLEEPING, 2)])
def test_a_pod_that_is_late_is_no_lost_host(
    kubernetes: Kubernetes, cluster: Cluster, place: Place, name: str, text: str, tries: int
) -> None:
    bundle = compiled(place, name, HEAD + text + MAIN)
    bundle.step("start").active_deadline_seconds = IntOrString(root=15)
    run = bundle.deploy(kubernetes).trigger()
    assert run.wait(SECONDS, every=2) == ("FAILED" if tries == 1 else "SUCCEEDED"), run.failure()
    assert len(pods(run, "start")) == tries


def test_timeout_then_retry_then_catch(kubernetes: Kubernetes, place: Place, name: str) -> None:
    run = started(kubernetes, place, name, CAUGHT)
    assert run.wait(SECONDS, every=2) == "SUCCEEDED", run.failure()
    assert len(pods(run, "start")) == 2
    assert artifact(place, run, "end", "seen").endswith("TimeoutException")
