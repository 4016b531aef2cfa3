"""The demo's flows: one of Metaflow's documentation, two of its tutorials, which nobody here wrote."""

from __future__ import annotations

import shutil
from pathlib import Path

from integration.conformance.corpus import CASES, Case
from integration.harness.process import ROOT

EXAMPLE = ROOT / "metaflow_provider" / "example_dags" / "flows" / "etl_flow.py"


def place_flows(flows: Path) -> list[Case]:
    """The flows, with the files that they read, in one folder."""
    flows.mkdir()
    shutil.copy(EXAMPLE, flows)
    tutorials = [CASES["tutorial-playlist"], CASES["tutorial-statistics"]]
    for case in tutorials:
        for file in (case.file, *case.file.parent.glob("*.csv")):
            shutil.copy(file, flows)
    # Random values and hash order: what tasks there are and what they hold is compared, not the values.
    return [
        Case("AirflowETLFlow", flows / EXAMPLE.name, "AirflowETLFlow"),
        *(Case(case.flow, flows / case.file.name, case.flow, values=False) for case in tutorials),
    ]
