"""The demo on AWS Step Functions: three flows deployed to the local engine and run there.

The engine is moto's interpreter of Amazon States Language, completed, with Batch jobs as local processes. The
results are compared with those of `python flow.py run`.
"""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from integration.conformance.commands import CommandFailed
from integration.conformance.compare import RunSnapshot, differences
from integration.conformance.corpus import Case
from integration.conformance.on_sfn import CONTAINER, run_on_sfn
from integration.conformance.reference import reference
from integration.demo.cases import place_flows
from integration.demo.shown import Shown, show, summary
from integration.demo.talk import DemoFailed, doing
from integration.harness.sfn.engine import Engine


def main() -> int:
    """Run the demo; 0 if every run succeeded and equals its reference."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="metaflow-demo-") as name, ThreadPoolExecutor(1) as pool:
        folder = Path(name)
        cases = place_flows(folder / "flows")
        references = {case.name: pool.submit(reference, case, folder / "references") for case in cases}
        (folder / "engine").mkdir()
        with Engine(folder / "engine", container=CONTAINER) as engine:
            shown = []
            for case in cases:
                with doing(f"Deploying {case.flow} to Step Functions and running it"):
                    found = _run(case, engine)
                with doing(f"Comparing it with python {case.file.name} run"):
                    expected = references[case.name].result().snapshot
                    differ = differences(expected, found, ordered=case.ordered, values=case.values)
                shown.append(Shown(case, found, differ))
    for item in shown:
        show(item)
    return summary(shown, time.monotonic() - started)


def _run(case: Case, engine: Engine) -> RunSnapshot:
    try:
        return run_on_sfn(case, engine)
    except CommandFailed as failure:
        raise DemoFailed(str(failure)) from None
