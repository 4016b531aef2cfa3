"""Tasks tell Argo Events that they have ended; a pod stands for its webhook, and takes everything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hera_bridge import ArgoWorkflows, Kubernetes
from integration.argo.places import done
from integration.argo.receiver import Receiver
from metaflow_provider.deployment import looks
from tests.flows import Place, flow

pytestmark = [pytest.mark.argo, pytest.mark.conformance]


def test_every_task_that_has_ended_is_an_event(
    kubernetes: Kubernetes, place: Place, name: str, receiver: Receiver
) -> None:
    webhook = {"METAFLOW_ARGO_EVENTS_WEBHOOK_URL": receiver.address}
    place = replace(place, variables={**place.variables, **webhook})
    place.write(flow())
    for options in ([], ["--no-auto-emit-argo-events"]):
        done(place, name, "create", *options)
        done(place, name, "trigger", "--run-id-file", "run")
        run = ArgoWorkflows.from_deployment(name, kubernetes).run((place.folder / "run").read_text())
        assert run.wait(300, every=2) == "SUCCEEDED", run.failure()
        assert any(len(receiver.messages()) == 2 for _ in looks(every=1, seconds=60))
    events = [body for _, _, body in receiver.messages()]
    assert [event["name"] for event in events] == ["metaflow.TrainFlow.start", "metaflow.TrainFlow.end"]
    assert [event["payload"]["step_name"] for event in events] == ["start", "end"]
