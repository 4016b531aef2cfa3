"""What the last conformance run of each case found, kept in `results.json` beside this file.

`make conformance` adds to it: a case that did not run keeps what was found before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

FILE = Path(__file__).with_name("results.json")
ENGINES = ("Airflow", "Argo Workflows 4.0.2", "Argo Workflows 3.7.14", "Step Functions")

Results = Mapping[str, Mapping[str, bool]]
"""Whether a case's run was equal to `python flow.py run`, by engine and case."""

_TEST = re.compile(
    r"integration/conformance/test_(?P<engine>\w+)\.py::"
    r"test_(representative_case|further_case|(?P<random>(further_)?random_flow))\[(?P<case>.+)\]"
    r"(@\w+)?"  # the group, which pytest-xdist adds
)


def case_of_test(node_id: str, argo_version: str) -> tuple[str, str] | None:
    """Engine and case of a test of the corpus; `None` for other tests.

    >>> case_of_test("integration/conformance/test_argo.py::test_further_case[loop]", "4.0.2")
    ('Argo Workflows 4.0.2', 'loop')
    """
    match = _TEST.fullmatch(node_id)
    if match is None:
        return None
    names = {"airflow": "Airflow", "argo": f"Argo Workflows {argo_version}", "sfn": "Step Functions"}
    case = f"random-{match['case']}" if match["random"] else match["case"]
    return names[match["engine"]], case


def read_results() -> Results:
    """What is recorded."""
    results: Results = json.loads(FILE.read_text(encoding="utf-8"))
    return results


def record(found: Iterable[tuple[str, str, bool]]) -> None:
    """Add findings, each engine, case and whether it was equal to `run`."""
    results = {engine: dict(cases) for engine, cases in read_results().items()}
    for engine, case, equal in found:
        results.setdefault(engine, {})[case] = equal
    FILE.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", encoding="utf-8")
