"""The Python example of README.md's section on Argo Workflows, run as it is written."""

from __future__ import annotations

import re
import shutil

import pytest

from hera_bridge import Kubernetes
from hera_bridge.clients import WORKFLOW_TEMPLATE
from integration.argo.objects import stored
from integration.argo.places import done
from integration.harness.cluster.cluster import Cluster
from integration.harness.process import ROOT
from integration.harness.script import said_by
from tests.flows import Place

pytestmark = [pytest.mark.argo, pytest.mark.conformance]

FLOW = ROOT / "metaflow_provider" / "example_dags" / "flows" / "etl_flow.py"


def test_the_example(cluster: Cluster, kubernetes: Kubernetes, place: Place, name: str) -> None:
    section = (ROOT / "README.md").read_text().partition("\n## Argo Workflows\n")[2]
    [example] = re.findall(r"```python\n(.*?)```", section.partition("\n## ")[0], re.DOTALL)
    shutil.copy(FLOW, place.folder / "train.py")
    done(place, name, "create", "--output-dir", "objects")
    script = example + "said = run.id\nrun.terminate()\n"
    run_id = said_by(script, place.folder, place.env)
    assert run_id.startswith(f"argo-{name}-")
    templates = stored(kubernetes.get(WORKFLOW_TEMPLATE, name))["spec"]["templates"]
    assert [each["name"] for each in templates if each.get("priorityClassName") == "high"] == ["transform"]
