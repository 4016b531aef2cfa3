"""How a run ended is told to Slack, PagerDuty and incident.io, whose secrets nothing else gets to see.

The three services are a fake: a pod that takes every message.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest

from hera_bridge import Kubernetes, Run
from hera_bridge.clients import WORKFLOW
from integration.argo.objects import stored
from integration.argo.places import done
from integration.argo.receiver import Receiver
from integration.harness.cluster.cluster import Cluster
from metaflow_provider.deployment import looks
from tests.flows import Place

pytestmark = [pytest.mark.argo, pytest.mark.conformance]

FLOW = """
from metaflow import *

class TrainFlow(FlowSpec):
    fails = Parameter("fails", default=False)

    @step
    def start(self):
        if self.fails:
            raise ValueError("on purpose")
        self.next(self.end)

    @step
    def end(self):
        pass

if __name__ == "__main__":
    TrainFlow()
"""
SECRETS = ("hunter-slack", "hunter-pager", "hunter-incident")


def everything_said(cluster: Cluster, run: Run) -> str:
    """Objects, events and logs of a run's pods."""
    selector = f"--selector=workflows.argoproj.io/workflow={run.name}"
    namespace = f"--namespace={cluster.namespace}"
    logs = cluster.kubectl.run("logs", selector, namespace, "--all-containers", "--prefix", "--tail=-1")
    objects = cluster.kubectl.run(
        "get", "pods,workflows,workflowtemplates,events", namespace, "--output=json"
    )
    return logs + objects


def test_the_end_of_a_run_is_told(
    kubernetes: Kubernetes, cluster: Cluster, place: Place, name: str, receiver: Receiver
) -> None:
    address = receiver.address
    services = {
        "METAFLOW_ARGO_PAGER_DUTY_ENDPOINT": address,
        "METAFLOW_ARGO_INCIDENT_IO_ENDPOINT": address,
    }
    place = replace(place, variables={**place.variables, **services})
    place.write(FLOW)
    slack, pager, incident = SECRETS
    deployed = done(
        *(place, name, "create", "--notify-on-error", "--notify-on-success"),
        *("--notify-slack-webhook-url", f"{address}/{slack}"),
        *("--notify-pager-duty-integration-key", pager),
        *("--notify-incident-io-api-key", incident, "--incident-io-alert-source-config-id", "S1"),
    )
    runs = []
    for options in ([], ["--fails", "True"]):
        done(place, name, "trigger", "--run-id-file", "run", *options)
        workflow = (place.folder / "run").read_text().removeprefix("argo-")
        run = Run(kubernetes, stored(kubernetes.get(WORKFLOW, workflow)))
        assert run.wait(300, every=2) == ("FAILED" if options else "SUCCEEDED"), run.failure()
        runs.append(run)
    assert any(len(receiver.messages()) == 6 for _ in looks(every=1, seconds=60))

    told = receiver.messages()
    assert Counter((path, authorization) for path, authorization, _ in told) == {
        (f"/{slack}", None): 2,
        ("/v2/change/enqueue", None): 1,
        ("/v2/enqueue", None): 1,
        ("/v2/alert_events/http/S1", f"Bearer {incident}"): 2,
    }
    assert Counter(run.id for run in runs for *_, body in told if run.id in json.dumps(body)) == {
        run.id: 3 for run in runs
    }
    assert {body["routing_key"] for path, _, body in told if path.endswith("enqueue")} == {pager}
    said = "".join([deployed.out, deployed.err, *(everything_said(cluster, run) for run in runs)])
    assert [secret for secret in SECRETS if secret in said] == []
