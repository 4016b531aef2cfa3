"""Metaflow without this package deploys to the engine and runs on it: the judge of the engine itself."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from integration.harness.process import base_env
from integration.harness.sfn.engine import Engine
from integration.harness.sfn.names import ACCOUNT, REGION

pytestmark = pytest.mark.sfn

STOCK = {"METAFLOW_EXTENSIONS_SEARCH_DIRS": "/nonexistent"}

FLOWS = {
    "StockLinear": """
    alpha = Parameter("alpha", default=2, type=int)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        self.result = self.alpha * 2
""",
    "StockForeach": """
    @step
    def start(self):
        self.items = [1, 2, 3]
        self.next(self.body, foreach="items")

    @retry(times=1, minutes_between_retries=0)
    @step
    def body(self):
        if current.retry_count == 0 and self.input == 2:
            raise ValueError("the first attempt fails")
        self.tens = self.input * 10
        self.next(self.join)

    @step
    def join(self, inputs):
        self.result = sorted(one.tens for one in inputs)
        self.next(self.end)

    @step
    def end(self):
        pass
""",
}
FLOW_FILE = """from metaflow import *


class {name}(FlowSpec):{body}

if __name__ == "__main__":
    {name}()
"""
READ = """
import sys
from metaflow import Run, namespace
namespace(None)
run = Run(sys.argv[1])
print(run.successful, run.end_task.data.result)
"""


@pytest.fixture(scope="module")
def stock_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with Engine(tmp_path_factory.mktemp("stock"), container=STOCK) as engine:
        yield engine


def python(env: Mapping[str, str], folder: Path, *arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], env=env, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout + done.stderr


def trigger(env: Mapping[str, str], folder: Path, name: str, *parameters: str) -> str:
    """Deploy a flow and start it; returns the run's id."""
    file = folder / f"{name}.py"
    file.write_text(FLOW_FILE.format(name=name, body=FLOWS[name]))
    command = [str(file), "--no-pylint", "step-functions"]
    python(env, folder, *command, "create")
    said = python(env, folder, *command, "trigger", *parameters)
    match = re.search(r"run-id (sfn-[0-9a-f-]+)", said)
    assert match is not None, said
    return match[1]


def test_stock_metaflow_deploys_and_runs(stock_engine: Engine, tmp_path: Path) -> None:
    env = {**base_env(), **stock_engine.env, **STOCK}
    runs = {
        "StockForeach": (trigger(env, tmp_path, "StockForeach"), "True [10, 20, 30]"),
        "StockLinear": (trigger(env, tmp_path, "StockLinear", "--alpha", "5"), "True 10"),
    }
    for name, (run_id, expected) in runs.items():
        execution = f"arn:aws:states:{REGION}:{ACCOUNT}:execution:{name}:{run_id.removeprefix('sfn-')}"
        ended = stock_engine.ended(execution, seconds=300)
        assert ended["status"] == "SUCCEEDED", ended
        assert python(env, tmp_path, "-c", READ, f"{name}/{run_id}").strip() == expected
