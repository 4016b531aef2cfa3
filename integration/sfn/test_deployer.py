"""Flows deployed, started, followed and ended by Metaflow's Deployer alone; every step is a process."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration.harness.process import base_env
from integration.harness.script import said_by
from integration.harness.sfn.engine import Engine

pytestmark = pytest.mark.sfn

FLOW = """
from metaflow import FlowSpec, JSONType, Parameter, current, project, step

import helper


@project(name="demo")
class Given(FlowSpec):
    text = Parameter("text", required=True)
    number = Parameter("Number", type=int, default=1)
    data = Parameter("data", type=JSONType, default=[])
    called = Parameter("name", default="nobody")

    @step
    def start(self):
        helper.act(self.text)
        self.namespace = current.namespace
        self.next(self.end)

    @step
    def end(self):
        self.got = [self.text, self.number, self.data, self.called]


if __name__ == "__main__":
    Given()
"""
HELPER = """
import time


def act(text):
    if text == "fail":
        raise ValueError("as told")
    if text == "sleep":
        time.sleep(600)
"""
HOSTILE = 'it\'s "$HOME" `date` ${x} %s\n\n--end \u00e9\U0001f388'


@pytest.fixture
def env(engine: Engine) -> dict[str, str]:
    return {**base_env(), **engine.env}


def test_from_create_to_delete(engine: Engine, env: dict[str, str], tmp_path: Path) -> None:
    flows, clean = tmp_path / "flows", tmp_path / "clean"
    flows.mkdir()
    clean.mkdir()
    (flows / "flow.py").write_text(FLOW)
    (flows / "helper.py").write_text(HELPER)
    name, token, run, metadata, status, got, namespace, tags = said_by(
        f"""
        from metaflow import Deployer
        deployed = Deployer("flow.py", pylint=False, branch="exp").step_functions().create(tags=["t:1"])
        run = deployed.trigger(text={HOSTILE!r}, number=7, data={{"a": [1, None]}}, name="ada")
        started = run.wait_for_run(check_interval=1, timeout=120)
        run.wait_for_completion(check_interval=1, timeout=120)
        data = started.end_task.data
        said = [deployed.name, deployed.production_token, run.pathspec, deployed.metadata, run.status]
        said += [data.got, data.namespace, sorted(started.tags & {{"t:1", "project_branch:test.exp"}})]
        """,
        flows,
        env,
    )
    assert name == "demo.test.exp.Given"
    assert (status, got) == ("SUCCEEDED", [HOSTILE, 7, {"a": [1, None]}, "ada"])
    assert (namespace, tags) == (f"production:{token}", ["project_branch:test.exp", "t:1"])

    found, again, failed, terminated, states, deleted = said_by(
        f"""
        import time
        from metaflow import DeployedFlow
        deployed = DeployedFlow.from_deployment({name!r}, impl="step_functions")
        [listed] = DeployedFlow.list_deployed_flows("Given", impl="step_functions")
        first = DeployedFlow.get_triggered_run({name!r}, {run.split("/")[1]!r}, impl="step_functions")
        said = [[deployed.id, listed.id, deployed.metadata, deployed.production_token, first.status]]

        again = deployed.trigger(text="again")
        again.wait_for_completion(check_interval=1, timeout=120)
        said += [[again.status, again.run.end_task.data.got]]

        failing = deployed.trigger(text="fail")
        failing.wait_for_completion(check_interval=1, timeout=120)
        said += [[failing.status, failing.is_running, failing.run.successful]]

        sleeping = deployed.trigger(text="sleep")
        sleeping.wait_for_run(check_interval=1, timeout=120)
        try:
            sleeping.wait_for_completion(check_interval=60, timeout=0.5)
        except TimeoutError as error:
            late = str(error)
        said += [[late.partition(" ")[2].partition(" ")[2]]]
        said[-1] += [sleeping.status, sleeping.is_running, sleeping.terminate(), sleeping.status]
        said += [[run.status for run in deployed.list_runs()]]
        said += [[deployed.delete(), list(DeployedFlow.list_step_functions("Given"))]]
        """,
        clean,
        env,
    )
    assert found == [name, name, metadata, token, "SUCCEEDED"]
    assert again == ["SUCCEEDED", ["again", 1, [], "nobody"]]
    assert failed == ["FAILED", False, False]
    assert terminated == ["is still RUNNING after 0.5 seconds", "RUNNING", True, True, "ABORTED"]
    assert states == ["ABORTED", "FAILED", "SUCCEEDED", "SUCCEEDED"]
    assert deleted == [True, []]
