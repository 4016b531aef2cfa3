"""Azure Blob Storage and Google Cloud Storage as datastores: what pods run, run here beside emulators.

No emulator takes the clouds' logins, so that of the tasks is a fake (`integration/harness/cloud_logins`).
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integration.harness.clouds import Azurite, Cloud, GoogleStorage
from integration.harness.process import base_env
from integration.harness.script import said_by
from integration.harness.skips import skipped_if_missing
from tests.flows import Place

pytestmark = [pytest.mark.argo, pytest.mark.conformance]

FLOW = """
from metaflow import *

class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.numbers = [1, 2, 3]
        self.next(self.body, foreach="numbers")

    @card
    @retry(times=1, minutes_between_retries=0)
    @step
    def body(self):
        if self.input == 2 and current.retry_count == 0:
            raise ValueError("once")
        self.square = self.input ** 2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.squares = [i.square for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        print("squares", self.squares)

if __name__ == "__main__":
    TrainFlow()
"""
READ = """
from metaflow import Run, namespace
from metaflow.cards import get_cards
namespace(None)
run = Run("TrainFlow/argo-first")
tasks = sorted(run["body"], key=lambda task: task.id)
said = [
    run.successful, run.data.squares, run["end"].task.stdout.splitlines()[-1],
    [task.current_attempt for task in tasks], [len(get_cards(task)) for task in tasks],
]
"""


@pytest.fixture(params=[Azurite, GoogleStorage])
def cloud(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cloud]:
    with skipped_if_missing(), request.param(tmp_path) as cloud:
        yield cloud


class Pods:
    """Runs containers of a WorkflowTemplate as processes, each in a folder of its own."""

    def __init__(self, folder: Path, template: dict[str, Any], env: dict[str, str]) -> None:
        self._folder = folder
        self._common = template["spec"]["templateDefaults"]["container"]
        self._templates = {each["name"]: each for each in template["spec"]["templates"]}
        self._env = env
        self._count = 0

    def run(self, step: str, index: str = "") -> int:
        """Exit status of a task's container."""
        self._count += 1
        working = self._folder / f"pod-{self._count}"
        working.mkdir()
        container = {**self._common, **self._templates[step]["container"]}
        variables = [*self._common["env"], *self._templates[step]["container"].get("env", [])]
        # What Kubernetes says of the pod, it says of nothing here.
        given = {each["name"]: each.get("value", working.name) for each in variables}
        given = {
            name: text.replace("{{workflow.name}}", "first").replace("{{inputs.parameters.index}}", index)
            for name, text in given.items()
        }
        given["METAFLOW_ORCHESTRATORS_HAND_OVER"] = f"files:{working / 'hand-over'}"
        command = [*container.get("command", []), *container.get("args", [])]
        with (self._folder / f"{working.name}.log").open("w") as log:
            env = {**given, **self._env, "METAFLOW_SKIP_INSTALL_DEPENDENCIES": "1"}
            return subprocess.run(
                command, cwd=working, env=env, stdout=log, stderr=log, check=False
            ).returncode


def test_tasks_on_another_datastore(cloud: Cloud, tmp_path: Path) -> None:
    local = {
        "METAFLOW_DEFAULT_METADATA": "local",
        "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(tmp_path / "metadata"),
    }
    place = Place(tmp_path, {**cloud.env, **local, "METAFLOW_HOME": str(tmp_path / "home")})
    place.write(FLOW)
    create = (tmp_path / "train.py", "argo-workflows", "create")
    uploaded, printed = (place.run(*create, *way) for way in (["--output-dir=objects"], ["--only-json"]))
    assert uploaded.status == printed.status == 0, uploaded.err
    template = json.loads(printed.out)
    pods = Pods(tmp_path, template, {**base_env(), **place.variables})

    assert pods.run("start") == 0
    assert [pods.run("body", f"-{index}") for index in (0, 1, 2, 1)] == [0, 1, 0, 0]
    assert [pods.run(step) for step in ("join", "end")] == [0, 0]
    found = said_by(READ, tmp_path, place.env)
    assert found == [True, [1, 4, 9], "squares [1, 4, 9]", [0, 1, 0], [1, 1, 1]]
