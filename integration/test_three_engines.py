"""One flow with a schedule, on all three engines, each run equal to `python flow.py run`."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration.conformance.compare import differences
from integration.conformance.reference import reference
from integration.demo.everywhere import CASE, ENGINES
from integration.harness.process import cache_dir
from integration.harness.skips import skipped_if_missing

pytestmark = [pytest.mark.argo, pytest.mark.conformance]


SCHEDULES = {"Airflow": "0 0 * * *", "Argo Workflows": "0 0 * * *", "Step Functions": "cron(0 0 * * ? *)"}


@pytest.mark.parametrize("engine", ENGINES)
def test_one_flow_on_every_engine(engine: str, tmp_path: Path) -> None:
    expected = reference(CASE, cache_dir() / "references").snapshot
    with skipped_if_missing():
        found = ENGINES[engine](tmp_path)
    assert differences(expected, found.run) == []
    assert found.schedule == SCHEDULES[engine]
