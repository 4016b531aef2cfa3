"""`Deployer(FILE).argo_workflows()` and `DeployedFlow` on a cluster, in processes of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from integration.argo.places import NEVER_STARTS, done
from integration.harness.script import said_by
from tests.flows import Place, flow

pytestmark = pytest.mark.argo

PARAMETERS = """\
text = Parameter("text", default="none")
number = Parameter("Number", type=int, default=1)
data = Parameter("data", type=JSONType, default={})
rate = Parameter("rate", type=float, default=0.5)
retry_count = Parameter("retry_count", required=True)
called = Parameter("my-name", default="")
long = Parameter("long", default="")
content = IncludeFile("content", default="poem.txt")
"""
HOSTILE = 'it\'s "$HOME" `date` \\n\n--x {{workflow.name}}'
LONG = 120_000

HEAD = "from metaflow import DeployedFlow, Deployer, namespace\n\n"


@pytest.fixture
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder without any flow."""
    return tmp_path_factory.mktemp("clean")


def python(text: str, folder: Path, env: Mapping[str, str]) -> Any:
    """What a script leaves in `said`."""
    return said_by(HEAD + text, folder, env)


def test_deploy_run_and_read(place: Place, name: str) -> None:
    place.write(flow("Whole", parameters=PARAMETERS))
    place.write("a poem", "poem.txt")
    said = python(
        f"""
deployer = Deployer("train.py", pylint=False).argo_workflows(name={name!r})
deployed = deployer.create(tags=["a:b"])
said = [deployed.name, deployed.id, deployed.flow_name, deployed.production_token[:5]]
said += [deployed.workflow_template]
run = deployed.trigger(text={HOSTILE!r}, Number=7, data={{"a": [1, None]}}, rate=2.5, retry_count="many",
                       my_name="ada", long="x" * {LONG})
said += [run.pathspec.startswith("Whole/argo-{name}-"), run.status]
run.wait_for_run(check_interval=1, timeout=240)
run.wait_for_completion(check_interval=1, timeout=240)
namespace(None)
values = run.run.end_task.data
said += [run.status, run.is_running, "a:b" in run.run.tags, values.text, values.number, values.data]
said += [values.rate, values.retry_count, values.called, len(values.long), values.content, run.terminate()]
said += [[each.pathspec for each in deployed.list_runs(["SUCCEEDED"])] == [run.pathspec]]
said += [deployed.delete(), deployed.production_token]
""",
        place.folder,
        place.env,
    )
    assert said[:5] == [name, name, "Whole", "test-", None]
    assert said[5:10] == [True, "PENDING", "SUCCEEDED", False, True]
    assert said[10:18] == [HOSTILE, 7, {"a": [1, None]}, 2.5, "many", "ada", LONG, "a poem"]
    assert said[18:] == [False, True, True, None]


def test_a_flow_is_found_without_its_file(place: Place, name: str, clean: Path) -> None:
    file = place.write(flow("Found", head="import helper", parameters=PARAMETERS, start=NEVER_STARTS))
    place.write("", "helper.py")
    place.write("a poem", "poem.txt")
    done(place, name, "create")
    file.unlink()
    said = python(
        f"""
found = DeployedFlow.from_deployment({name!r}, impl="argo_workflows")
said = [found.name, found.flow_name]
said += [{name!r} in [each.name for each in DeployedFlow.list_argo_workflows("Found")]]
run = found.trigger(retry_count="x")
said += [run.suspend(), run.suspend(), run.status, run.is_running, run.unsuspend(), run.unsuspend()]
same = DeployedFlow.get_triggered_argo_workflows_run({name!r}, run.pathspec.split("/")[1])
said += [same.pathspec == run.pathspec, same.terminate(), found.delete()]
calls = [(found.deployer.create, {{}}), (found.trigger, {{"retry_count": "x", "content": "a"}})]
for call, values in [*calls, (found.trigger, {{}})]:
    try:
        call(**values)
    except Exception as error:
        said += [str(error)]
try:
    DeployedFlow.from_argo_workflows("{name}-gone")
except Exception as error:
    said += [str(error)]
""",
        clean,
        place.env,
    )
    assert said[:3] == [name, "Found", True]
    assert said[3:9] == [True, False, "PENDING", True, True, False]
    assert said[9:12] == [True, True, True]
    assert said[12] == "The file of Found is needed to deploy it again: use Deployer(FILE).argo_workflows()"
    assert said[13].startswith("The file of Found is needed to include one as content")
    assert "retry_count" in said[14]
    assert said[15].startswith(f"No deployed flow found for: {name}-gone")
    assert list(clean.iterdir()) == []


def test_what_is_found_can_be_changed_as_by_its_owner(place: Place, name: str, clean: Path) -> None:
    place.write(flow("Theirs"))
    done(place, name, "create")
    said = python(
        f"""
theirs = DeployedFlow.from_argo_workflows({name!r})
run = theirs.trigger()
said = [run.terminate(authorize="wrong"), run.terminate(), theirs.delete(authorize="wrong"), theirs.delete()]
""",
        clean,
        {**place.env, "METAFLOW_USER": "other", "METAFLOW_HOME": str(clean / "home")},
    )
    assert said == [False, True, False, True]


def test_a_run_in_a_project(place: Place, name: str, clean: Path) -> None:
    """Without its file, a flow is not in its project, but its runs are still its own."""
    project = name.replace("-", "_")
    place.write(flow("Inside", decorators=f'@project(name="{project}")'))
    done(place, "", "create")
    said = python(
        f"""
[found] = [each for each in DeployedFlow.list_argo_workflows("Inside") if "{project[-8:]}" in each.name]
run = found.trigger()
said = [run.terminate(), found.delete(), found.name]
""",
        clean,
        place.env,
    )
    assert said[:2] == [True, True]
    assert said[2] == f"{project}.user.tester.inside".replace("_", "")
