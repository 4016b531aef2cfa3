"""What makes a compiled plan old, beside the flow's own files: the interpreter, and its Metaflow."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
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


def test_a_compilation_that_takes_too_long_is_ended_and_says_what_to_set(place: Place) -> None:
    file = place.write(flow(head="import time; time.sleep(60)"))
    with pytest.raises(CompilationFailed) as failure:
        Compiler(timeout=1).compile(file)
    assert str(failure.value) == (
        "train.py did not compile within 1 s; raise [metaflow] compile_timeout, and so that Airflow waits as "
        "long, [core] dagbag_import_timeout and [dag_processor] dag_file_processor_timeout"
    )


# Tells in a file that it has begun, and then takes until another file is there.
SLOW = """
import pathlib, time
with open("begun", "a") as begun:
    begun.write("x")
while not pathlib.Path("go_on").exists():
    time.sleep(0.05)
"""
PARSE = "from metaflow_provider import load_flow; load_flow({file!r})"


def wait_for(file: Path) -> None:
    deadline = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < deadline, f"there is no {file}"
        time.sleep(0.05)


def compiled_in_the_end(place: Place) -> None:
    """The compilation goes on, the next parse finds its plan, and nothing is compiled again."""
    (place.folder / "go_on").touch()
    deadline = time.monotonic() + 60
    while not list((place.folder / "cache").glob("train-*.json")):
        assert time.monotonic() < deadline, "nothing was kept"
        time.sleep(0.05)
    assert load_flow(place.folder / "train.py").dag_id == "TrainFlow"
    assert (place.folder / "begun").read_text(encoding="utf-8") == "x"


def test_the_next_parse_finds_what_was_compiling_when_the_parser_was_killed(place: Place) -> None:
    file = place.write(flow(head=SLOW))
    command = [sys.executable, "-c", PARSE.format(file=str(file))]
    with subprocess.Popen(command, env={**os.environ, **place.env}, start_new_session=True) as parser:
        wait_for(place.folder / "begun")
        os.killpg(parser.pid, signal.SIGKILL)
    compiled_in_the_end(place)


class ParserTimedOut(Exception):
    """Stands for Airflow's own, which an alarm raises in the parser."""


def test_the_next_parse_finds_what_was_compiling_when_the_import_timed_out(place: Place) -> None:
    file = place.write(flow(head=SLOW))

    def on_alarm(*_: object) -> None:
        raise ParserTimedOut

    before = signal.signal(signal.SIGALRM, on_alarm)
    try:
        signal.setitimer(signal.ITIMER_REAL, 2)
        with pytest.raises(ParserTimedOut):
            load_flow(file)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    wait_for(place.folder / "begun")
    compiled_in_the_end(place)


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
