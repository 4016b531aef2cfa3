"""README.md: its DAG files load, and the commands, options, files and settings that it names exist."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from metaflow_extensions.orchestrators.plugins.airflow.capabilities import AIRFLOW
from metaflow_extensions.orchestrators.plugins.argo_workflows.capabilities import ARGO_WORKFLOWS
from metaflow_extensions.orchestrators.plugins.step_functions.capabilities import STEP_FUNCTIONS
from metaflow_provider import get_provider_info
from tests.flows import Place, flow

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [
    "README.md",
    "hera_bridge/README.md",
    "integration/README.md",
    "integration/harness/cluster/README.md",
    "integration/harness/sfn/README.md",
    "metaflow_extensions/orchestrators/README.md",
    "metaflow_provider/README.md",
    "sfn/README.md",
    "sfn/asl/README.md",
]
FLOWS = ROOT / "metaflow_provider" / "example_dags" / "flows"


def blocks(language: str) -> list[str]:
    """The code blocks of a language, without their indentation in lists."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", README, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", text, flags=re.MULTILINE) for indent, text in found]


DAG_FILES = [text for text in blocks("python") if "# airflow dag" in text]
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
# A line with a command of Airflow's, whose options are not ours.
AIRFLOWS_OWN = re.compile(r" *(\$ )?airflow ")
# Runs a DAG file, and prints the tasks of each DAG and their pools.
LOAD = """
import json, runpy, sys
from airflow.sdk import DAG
names = runpy.run_path(sys.argv[1])
dags = {v.dag_id: {t.task_id: t.pool for t in v.tasks} for v in names.values() if isinstance(v, DAG)}
print(json.dumps(dags))
"""


def loaded(text: str, place: Place) -> dict[str, dict[str, str]]:
    """The DAGs of a DAG file in the place's folder."""
    command = [sys.executable, "-c", LOAD, str(place.write(text, "dag_file.py"))]
    env = {**place.env, "AIRFLOW_HOME": str(place.folder / "airflow")}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    dags: dict[str, dict[str, str]] = json.loads(done.stdout.splitlines()[-1])
    return dags


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A dags folder with three of the example flows in `flows`."""
    (tmp_path / "flows").mkdir()
    for name in ("nested_foreach.py", "etl_flow.py", "step_functions_flow.py"):
        shutil.copy(FLOWS / name, tmp_path / "flows")
    return Place(tmp_path)


def test_the_three_lines_load_a_folder(place: Place) -> None:
    assert len(DAG_FILES[0].splitlines()) == 3
    assert set(loaded(DAG_FILES[0], place)) == {"NestedForeachFlow", "AirflowETLFlow", "StepFunctionsFlow"}


def test_a_dag_file_with_arguments_loads(place: Place) -> None:
    pools = {"start": "etl", "process": "gpu", "join": "etl", "end": "etl"}
    assert loaded(DAG_FILES[1], place) == {"nightly": pools}


def test_a_dag_file_with_a_plan_loads(place: Place) -> None:
    place.write(place.plan_text(FLOWS / "etl_flow.py"), "etl.json")
    assert set(loaded(DAG_FILES[2], place)) == {"AirflowETLFlow"}


def test_every_dag_file_is_loaded_here() -> None:
    assert len(DAG_FILES) == 3


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)\b", README, re.MULTILINE))
    assert {"demo", "test"} <= named <= targets


def test_options_exist(place: Place) -> None:
    groups = [[], ["airflow"], ["airflow", "create"], ["airflow", "plan"], ["airflow", "check"]]
    groups += [["step-functions", command] for command in ("create", "list-runs", "trigger", "status")]
    groups += [["argo-workflows", command] for command in ("create", "list-runs", "trigger", "status")]
    file = place.write(flow(decorators='@project(name="demo")'))
    helps = "".join(place.run(file, *group, "--help").out for group in groups)
    ours = [line for line in README.replace("\\\n", "").splitlines() if not AIRFLOWS_OWN.match(line)]
    named = set(OPTION.findall("\n".join(ours)))
    assert {"--max-workers", "--backend", "--force"} <= named <= set(OPTION.findall(helps))


def test_settings_are_those_of_the_provider() -> None:
    section = README.partition("## Configuration\n")[2].partition("\n## ")[0]
    named = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert sorted(named) == sorted(get_provider_info()["config"]["metaflow"]["options"])


@pytest.mark.parametrize("decorator", ["trigger", "trigger_on_finish", "exit_hook"])
def test_decorators_are_supported_as_the_table_says(decorator: str) -> None:
    [answers] = re.findall(rf"^\| `@{decorator}` \| (.*) \| (.*) \| (.*) \|$", README, re.MULTILINE)
    engines = (AIRFLOW, ARGO_WORKFLOWS, STEP_FUNCTIONS)
    assert answers == tuple("yes" if decorator in engine.decorators else "not yet" for engine in engines)


def test_datastores_are_supported_as_the_table_says() -> None:
    [answers] = re.findall(r"^\| datastores \| (.*) \| (.*) \| (.*) \|$", README, re.MULTILINE)
    for answer, engine in zip(answers, (AIRFLOW, ARGO_WORKFLOWS, STEP_FUNCTIONS), strict=True):
        assert {name.lower() for name in answer.partition(";")[0].split(", ")} == engine.datastores


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_to_files(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        if "://" not in link:
            assert (ROOT / document).parent.joinpath(link).exists(), link
