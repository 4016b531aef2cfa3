"""`Deployer(FILE).step_functions()` and `DeployedFlow`, each test in a process of its own."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from integration.harness.process import base_env
from integration.harness.script import said_by
from integration.harness.sfn.engine import Engine
from tests.flows import Place, flow
from tests.plugins.step_functions.account import contents, machine_arn

PARAMETERS = """\
text = Parameter("text", default="none")
number = Parameter("Number", type=int, default=1)
data = Parameter("data", type=JSONType, default={})
rate = Parameter("rate", type=float, default=0.5)
flag = Parameter("flag", type=bool, default=False)
retry_count = Parameter("retry_count", required=True)
called = Parameter("my-name", default="")
content = IncludeFile("content", required=False)
"""
FOREACH = """
from metaflow import FlowSpec, step


class Wide(FlowSpec):
    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.each, foreach="items")

    @step
    def each(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Wide()
"""
HOSTILE = 'it\'s "$HOME" `date` \\n\n--x'

HEAD = """
from metaflow import DeployedFlow, Deployer


def text_of(function, *arguments, **options):
    try:
        function(*arguments, **options)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


"""


def python(text: str, folder: Path, env: Mapping[str, str]) -> Any:
    """What a script leaves in `said`."""
    return said_by(HEAD + textwrap.dedent(text), folder, env)


def given(engine: Engine, machine: str) -> list[dict[str, Any]]:
    """The parameters of a machine's runs."""
    states = engine.client("stepfunctions")
    runs = states.list_executions(stateMachineArn=machine_arn(machine))["executions"]
    inputs = (states.describe_execution(executionArn=run["executionArn"])["input"] for run in runs)
    return [json.loads(json.loads(text)["Parameters"]) for text in inputs]


@pytest.fixture
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder without any flow."""
    return tmp_path_factory.mktemp("clean")


def test_deploy_run_and_delete(engine: Engine, place: Place) -> None:
    place.write(flow("Whole", parameters=PARAMETERS))
    said = python(
        f"""
        deployed = Deployer("train.py", pylint=False).step_functions().create()
        said = [deployed.name, deployed.deployer.name, deployed.id, deployed.flow_name, deployed.metadata]
        token = deployed.production_token
        run = deployed.trigger(text={HOSTILE!r}, Number=7, data={{"a": [1, None]}}, rate=2.5, flag=True,
                               retry_count="many", my_name="ada")
        run.wait_for_completion(check_interval=0.2, timeout=60)
        [same] = deployed.list_runs(["SUCCEEDED"])
        said += [token, run.name, run.pathspec == same.pathspec, run.status, same.is_running, run.run]
        said += [len(deployed.list_runs()), deployed.list_runs(["FAILED", "ABORTED"]), run.terminate()]
        said += [deployed.delete(), deployed.production_token]
        """,
        place.folder,
        place.env,
    )
    assert said[:4] == ["Whole", "Whole", "Whole", "Whole"]
    assert said[4].startswith("local@")
    assert said[5].startswith("whole-0-")
    assert said[6:] == ["Whole", True, "SUCCEEDED", False, None, 1, [], False, True, None]


def test_values_reach_the_run_as_they_are(engine: Engine, place: Place, clean: Path) -> None:
    place.write(flow("Values", parameters=PARAMETERS))
    call = f"""trigger(text={HOSTILE!r}, Number=7, data={{"a": [1, None]}}, rate=2.5, flag=True,
        retry_count="many", my_name="ada").pathspec"""
    python(
        f"""said = Deployer("train.py", pylint=False).step_functions().create().{call}""",
        place.folder,
        place.env,
    )
    python(f"""said = DeployedFlow.from_step_functions("Values").{call}""", clean, place.env)
    expected = {
        "text": HOSTILE,
        "Number": 7,
        "data": '{"a": [1, null]}',
        "rate": 2.5,
        "flag": True,
        "retry_count": "many",
        "my-name": "ada",
    }
    assert given(engine, "Values") == [expected, expected]
    assert list(clean.iterdir()) == []


def test_a_flow_is_found_without_its_file(engine: Engine, place: Place, clean: Path) -> None:
    file = place.write(flow("Found", head="import helper", parameters=PARAMETERS))
    place.write("", "helper.py")
    for name in ("first", "second"):
        ended = place.run(file, "step-functions", f"--name={name}", "create")
        assert ended.status == 0, ended.err
    said = python(
        """
        import os
        deployed = DeployedFlow.from_deployment("first", impl="step_functions")
        file = deployed.deployer.flow_file
        run = deployed.trigger(retry_count="1")
        same = DeployedFlow.get_triggered_step_functions_run("first", run.pathspec.split("/")[1])
        same.wait_for_completion(check_interval=0.2, timeout=60)
        said = [deployed.name, deployed.id, deployed.flow_name, deployed.metadata, deployed.production_token]
        said += [same.pathspec == run.pathspec, same.status, same.name == run.pathspec.split("/")[1]]
        said += [sorted(flow.name for flow in DeployedFlow.list_step_functions("Found"))]
        said += [list(DeployedFlow.list_step_functions("Lost"))]
        said += [{"first", "second"} <= {flow.id for flow in DeployedFlow.list_step_functions()}]
        said += [DeployedFlow.from_step_functions("first", metadata="service@http://x").metadata]
        said += [deployed.delete(), os.path.exists(file)]
        del deployed, run
        said += [os.path.exists(file)]
        """,
        clean,
        {**place.env, "METAFLOW_SFN_STATE_MACHINE_PREFIX": "team"},
    )
    assert said[:3] == ["first", "first", "Found"]
    assert said[3].startswith("local@")
    assert said[4].startswith("first-0-")
    assert said[5:8] == [True, "SUCCEEDED", True]
    assert said[8:] == [["first", "second"], [], True, "service@http://x", True, True, False]


def test_what_cannot_be_found(engine: Engine, place: Place, clean: Path) -> None:
    place.write(flow("Known", parameters=PARAMETERS))
    assert place.run(place.folder / "train.py", "step-functions", "create").status == 0
    account = contents(engine)
    said = python(
        """
        known = DeployedFlow.from_step_functions("Known")
        said = [
            text_of(DeployedFlow.from_step_functions, "Gone"),
            text_of(DeployedFlow.get_triggered_step_functions_run, "Gone", "sfn-a"),
            text_of(DeployedFlow.get_triggered_step_functions_run("Known", "sfn-a").wait_for_completion),
            text_of(known.deployer.create),
            text_of(known.trigger, retry_count="1", beta=2),
            text_of(known.trigger),
            text_of(known.trigger, retry_count="1", content="file.txt"),
            text_of(known.trigger, retry_count="1", Number="seven"),
            text_of(known.trigger, retry_count="x" * 131_072),
            text_of(known.list_runs, ["DONE"]),
            text_of(known.list_runs, ["FAILED", "FAILED"]),
        ]
        """,
        clean,
        place.env,
    )
    assert contents(engine) == account
    gone = (
        "MetaflowException: No deployed flow found for: Gone "
        "(The workflow Gone doesn't exist on AWS Step Functions; please deploy your flow first)"
    )
    assert said[:2] == [gone, gone]
    assert said[2].startswith("Refusal: Could not find the run sfn-a of the state machine Known")
    assert said[3] == (
        "MetaflowException: The file of Known is needed to deploy it again: "
        "use Deployer(FILE).step_functions()"
    )
    assert said[4].startswith("ValueError: Unknown argument: 'beta'")
    assert said[5] == "ValueError: Missing argument: retry_count is required."
    assert said[6] == (
        "MetaflowException: The file of Known is needed to include one as content: "
        "use Deployer(FILE).step_functions()"
    )
    assert said[7].startswith("TypeError: Invalid type for 'number'")
    assert said[8].startswith("ValueError: the value 'xxx")
    assert "131072 bytes" in said[8]
    assert said[9] == (
        "ValueError: Invalid states found: ['DONE']. "
        "Valid states are: RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED"
    )
    assert said[10] == "ValueError: Duplicate states are not allowed"


def test_options_of_create(engine: Engine, place: Place) -> None:
    place.write(FOREACH, "wide.py")
    said = python(
        """
        deployer = Deployer("wide.py", pylint=False).step_functions(name="wide-one")
        deployed = deployer.create(
            generate_new_token=True, tags=["a:b", "c"], aws_batch_tags=["team=ml"], user_namespace="mine",
            max_workers=3, workflow_timeout=60, log_execution_history=True, use_distributed_map=False,
            compress_state_machine=True,
        )
        said = [deployed.name]
        other = Deployer("wide.py", pylint=False).step_functions(name="wide-two")
        said += [other.create(use_distributed_map=True, given_token="tok").production_token]
        said += [other.create(authorize="tok").name]
        said += [other.create(output_dir="out", upload=False).name, text_of(other.create, color="red")]
        """,
        place.folder,
        place.env,
    )
    assert said[:4] == ["wide-one", "tok", "wide-two", "wide-two"]
    assert said[4].startswith("ValueError: Unknown argument: 'color'")
    one = engine.client("stepfunctions").describe_state_machine(stateMachineArn=machine_arn("wide-one"))
    definition = json.loads(one["definition"])
    assert definition["TimeoutSeconds"] == 60
    assert definition["States"]["start.each"]["MaxConcurrency"] == 3
    assert definition["States"]["start.each"]["ItemProcessor"]["ProcessorConfig"]["Mode"] == "INLINE"
    assert definition["States"]["start"]["Arguments"]["Tags"] == {"team": "ml"}
    assert one["loggingConfiguration"]["level"] == "ALL"
    assert (place.folder / "out" / "state-machine.json").exists()


def test_only_json_deploys_nothing(engine: Engine, place: Place) -> None:
    place.write(flow("Only"))
    account = contents(engine)
    said = python(
        """
        import contextlib, io
        with contextlib.redirect_stdout(io.StringIO()) as out:
            deployer = Deployer("train.py", pylint=False, quiet=True).step_functions()
            deployed = deployer.create(only_json=True)
        said = [deployed.name, deployed.production_token, json.loads(out.getvalue())["StartAt"]]
        """,
        place.folder,
        place.env,
    )
    assert said == ["Only", None, "start"]
    assert contents(engine) == account


def test_the_environment_is_the_one_given(engine: Engine, place: Place) -> None:
    """The process itself knows no AWS; `env` does, or the file of a profile."""
    place.write(flow("Given"))
    settings = {name: value for name, value in place.env.items() if name.startswith("METAFLOW_")}
    home = place.folder / "profiles"
    home.mkdir()
    (home / "config_team.json").write_text(json.dumps(settings))
    aws = {name: value for name, value in place.env.items() if name.startswith("AWS_")}
    said = python(
        f"""
        import os
        before = dict(os.environ)
        said = []
        for options in (
            {{"env": {dict(place.variables)!r}}},
            {{"env": {{**{aws!r}, "METAFLOW_HOME": {str(home)!r}}}, "profile": "team"}},
        ):
            deployed = Deployer("train.py", pylint=False, **options).step_functions().create()
            run = deployed.trigger()
            run.wait_for_completion(check_interval=0.2, timeout=60)
            said += [deployed.production_token[:8], run.status, len(deployed.list_runs())]
        said += [os.environ == before]
        """,
        place.folder,
        base_env(),
    )
    assert said == ["given-0-", "SUCCEEDED", 1, "given-0-", "SUCCEEDED", 2, True]


def test_a_failure_is_named(engine: Engine, place: Place) -> None:
    place.write(flow("Late"))
    place.write(flow("Never", start="@batch(use_tmpfs=True, queue='metaflow-fargate')"), "never.py")
    said = python(
        """
        never = Deployer("never.py", pylint=False).step_functions()
        late = Deployer("train.py", pylint=False).step_functions()
        deployed = late.create()
        deployed.delete()
        said = [
            text_of(never.create),
            text_of(Deployer("train.py", pylint=False).step_functions(name="a b").create),
            text_of(deployed.trigger),
            deployed.delete(),
        ]
        """,
        place.folder,
        place.env,
    )
    assert said[0].startswith(
        f"RuntimeError: Error deploying {place.folder / 'never.py'} to step-functions: "
    )
    assert "tmpfs" in said[0]
    assert "Name 'a b' contains invalid characters." in said[1]
    assert "The workflow Late doesn't exist on AWS Step Functions; please deploy your flow first" in said[2]
    assert said[3] is False


def test_somebody_elses_flow(engine: Engine, place: Place, clean: Path) -> None:
    place.write(flow("Theirs"))
    assert place.run(place.folder / "train.py", "step-functions", "create").status == 0
    account = contents(engine)
    other = {**place.env, "METAFLOW_USER": "other", "METAFLOW_HOME": str(clean / "home")}
    said = python(
        """
        theirs = DeployedFlow.from_step_functions("Theirs")
        said = [theirs.delete(), theirs.delete(authorize="wrong")]
        """,
        clean,
        other,
    )
    assert said == [False, False]
    assert contents(engine) == account
    said = python(
        """
        theirs = DeployedFlow.from_step_functions("Theirs")
        said = theirs.delete(authorize=theirs.production_token)
        """,
        clean,
        other,
    )
    assert said is True


def test_a_file_that_hides_our_package_is_named(place: Place, clean: Path) -> None:
    (clean / "sfn.py").write_text("print('mine')", encoding="utf-8")
    said = python(
        """
        said = [
            text_of(DeployedFlow.from_step_functions, "Gone"),
            text_of(lambda: list(DeployedFlow.list_deployed_flows(impl="step_functions"))),
        ]
        """,
        clean,
        place.env,
    )
    reason = (
        f"MetaflowException: Python finds {clean / 'sfn.py'} as the module sfn, instead of the one of "
        "metaflow-orchestrators: rename the file, or move it out of the flow's folder."
    )
    assert said == [reason, reason]
