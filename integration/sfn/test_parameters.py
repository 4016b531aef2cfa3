"""Large and hostile parameters arrive as they were given, whoever starts the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration.harness.script import said_by
from integration.harness.sfn.engine import Engine
from integration.sfn.flow import Flow, run_id

pytestmark = pytest.mark.sfn

STEPS = """
text = Parameter("text", required=True)

@step
def only(self):
    self.got = self.text
"""
LINE = 'it\'s "$HOME" `date` ${PATH} $(id) \\ %s {% $x %} --end é\U0001f388 and some more plain words\r\n\t'
TEXT = (LINE * 2000)[:100_000]


def test_100_kilobytes_arrive_byte_for_byte(engine: Engine, tmp_path: Path) -> None:
    flow = Flow(engine, tmp_path, "Heavy").write(STEPS)
    flow.create()
    (tmp_path / "text").write_bytes(TEXT.encode())
    by_us = said_by(
        """
        from pathlib import Path
        from sfn import StepFunctions
        run = StepFunctions.from_deployment("Heavy").trigger(text=Path("text").read_bytes().decode())
        said = run.execution.arn
        """,
        tmp_path,
        flow.env,
    )
    by_anybody = flow.start(text=TEXT)
    for execution in (by_us, by_anybody):
        assert flow.ended(execution)["status"] == "SUCCEEDED"
        got = said_by(
            f"""
            from metaflow import Run, namespace
            namespace(None)
            said = Run("Heavy/{run_id(execution)}").end_task.data.got
            """,
            tmp_path,
            flow.env,
        )
        assert got == TEXT


def test_short_parameters_cost_no_state(engine: Engine, tmp_path: Path) -> None:
    flow = Flow(engine, tmp_path, "Light").write(STEPS)
    flow.create()
    execution = flow.start(text=LINE)
    assert flow.ended(execution)["status"] == "SUCCEEDED"
    entered = [event for event in flow.events(execution) if event["type"].endswith("StateEntered")]
    assert [event["stateEnteredEventDetails"]["name"] for event in entered] == ["only"]
