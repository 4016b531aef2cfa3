"""Gangs on whatever the cluster has for them: JobSets, or Kubernetes' own Jobs."""

from __future__ import annotations

import pytest

from hera_bridge import Kubernetes
from hera_bridge.clients.kinds import Kind
from integration.argo.places import done
from metaflow_provider.deployment import looks
from tests.flows import Place

pytestmark = [pytest.mark.argo, pytest.mark.conformance]

JOBSET = Kind("JobSet", "jobsets", "jobset.x-k8s.io", "v1alpha2")
JOB = Kind("Job", "jobs", "batch", "v1")
FLOW = """
import time
from metaflow import *

class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.train, num_parallel=2)

    @parallel
    @step
    def train(self):
        time.sleep(600)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass

if __name__ == "__main__":
    TrainFlow()
"""


def test_terminating_a_run_ends_its_gang(kubernetes: Kubernetes, place: Place, name: str) -> None:
    place.write(FLOW)
    kind = JOBSET if kubernetes.serves(JOBSET.api_version) else JOB
    done(place, name, "create")
    done(place, name, "trigger", "--run-id-file", "run")
    run_id = (place.folder / "run").read_text()
    labels = f"metaflow.org/workflow={run_id.removeprefix('argo-')}"
    assert any(list(kubernetes.list(kind, labels)) for _ in looks(every=1, seconds=180))
    done(place, name, "terminate", run_id)
    assert list(kubernetes.list(kind, labels)) == []
