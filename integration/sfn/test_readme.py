"""The example of sfn/README.md, run as it is written."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from integration.conformance.commands import run
from integration.conformance.on_sfn import environment
from integration.harness.process import ROOT
from integration.harness.sfn.engine import Engine

pytestmark = pytest.mark.sfn

FLOW = """
from metaflow import FlowSpec, Parameter, step

class Etl(FlowSpec):
    limit = Parameter("limit", default=3)

    @step
    def start(self):
        self.next(self.transform)

    @step
    def transform(self):
        self.rows = list(range(self.limit))
        self.next(self.end)

    @step
    def end(self):
        pass

if __name__ == "__main__":
    Etl()
"""


def test_the_example(engine: Engine, tmp_path: Path) -> None:
    example, _ = re.findall(r"```python\n(.*?)```", (ROOT / "sfn" / "README.md").read_text(), re.DOTALL)
    (tmp_path / "flow.py").write_text(FLOW)
    (tmp_path / "example.py").write_text(example)
    env = environment(engine)
    create = ["--no-pylint", "step-functions", "create", "--output-dir", "objects"]
    run([sys.executable, "flow.py", *create], env, tmp_path)
    done = subprocess.run(
        [sys.executable, "example.py"], env=env, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "SUCCEEDED None"
    read = "from metaflow import *; namespace(None); print(len(Flow('Etl').latest_run.data.rows))"
    assert run([sys.executable, "-c", read], env, tmp_path) == "10\n"
