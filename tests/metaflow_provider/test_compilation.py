"""What makes a compiled plan old, beside the flow's own files: the interpreter, and its Metaflow."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from metaflow_provider import load_flow
from metaflow_provider.compilation import CompilationFailed, Compiler
from tests.flows import Place, flow


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    place = Place(tmp_path)
    for name, value in place.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AIRFLOW__METAFLOW__PLAN_CACHE_FOLDER", str(tmp_path / "cache"))
    return place


def test_another_interpreter_in_the_settings_compiles_anew(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = place.write(flow())
    monkeypatch.setenv("AIRFLOW__METAFLOW__PYTHON", "/no/such/python")
    with pytest.raises(CompilationFailed, match="/no/such/python cannot be run"):
        load_flow(file)
    monkeypatch.setenv("AIRFLOW__METAFLOW__PYTHON", sys.executable)
    assert load_flow(file).dag_id == "TrainFlow"


def test_a_plan_depends_on_the_version_of_metaflow(place: Place) -> None:
    metaflow = importlib.util.find_spec("metaflow")
    assert metaflow is not None
    assert metaflow.origin is not None
    read = Compiler().compile(place.write(flow())).dependencies
    assert Path(metaflow.origin).with_name("version.py") in read


def test_options_before_the_command_are_part_of_the_plan(place: Place) -> None:
    file = place.write(flow(decorators='@project(name="models")'))
    dag = load_flow(file, options=["--branch=fast", "--with=retry:times=2"])
    assert dag.dag_id == "models.test.fast.TrainFlow"
    assert dag.get_task("start").retries == 2
    assert load_flow(file, options=["--production"]).dag_id == "models.prod.TrainFlow"
