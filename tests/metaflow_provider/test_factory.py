from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from metaflow_provider import MetaflowDAG, load_flow, load_flows
from metaflow_provider.compilation import CompilationFailed
from metaflow_provider.plan import PlanError, dumps
from tests.flows import flow
from tests.metaflow_provider.plans import plan

NOT_UP_TO_DATE, NEVER_COMPILED = "metaflow: not up to date", "metaflow: does not compile"


@dataclass(frozen=True)
class Dags:
    """A folder for DAG files, with the flows in a folder beside it."""

    root: Path

    @property
    def flows(self) -> Path:
        return self.root / "flows"

    @property
    def cached(self) -> dict[str, int]:
        """Entries of the plan cache, and when each was written."""
        return {path.name: path.stat().st_mtime_ns for path in (self.root / "cache").iterdir()}

    def write(self, name: str, text: str) -> Path:
        file = self.flows / name
        file.write_text(text, encoding="utf-8")
        return file

    def load(self, folder: str = "../flows", **arguments: Any) -> tuple[dict[str, Any], list[str]]:
        """The DAGs that a DAG file would have, and the warnings that Airflow would show."""
        namespace: dict[str, Any] = {"__file__": str(self.root / "dags" / "flows_dag.py")}
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            load_flows(namespace, folder, **arguments)
        found = {name: value for name, value in namespace.items() if name != "__file__"}
        return found, [str(warning.message) for warning in caught if warning.category is UserWarning]


@pytest.fixture
def dags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dags:
    for name in [name for name in os.environ if name.startswith("METAFLOW_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("METAFLOW_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("METAFLOW_DATASTORE_SYSROOT_LOCAL", str(tmp_path / "store"))
    monkeypatch.setenv("METAFLOW_USER", "tester")
    monkeypatch.setenv("AIRFLOW__METAFLOW__PLAN_CACHE_FOLDER", str(tmp_path / "cache"))
    (tmp_path / "flows").mkdir()
    (tmp_path / "dags").mkdir()
    return Dags(tmp_path)


def test_flows_and_plans_become_dags_and_nothing_else_does(dags: Dags) -> None:
    dags.write("train.py", flow(decorators="@schedule(daily=True)"))
    dags.write("ready.json", dumps(plan(name="ready")))
    dags.write("helpers.py", "raise RuntimeError('imported')")
    dags.write("_shared.py", "from metaflow import FlowSpec\nraise RuntimeError('imported')")
    dags.write("config.json", '{"size": 1}')
    dags.write("notes.txt", "FlowSpec")
    (dags.flows / ".#train.py").symlink_to("an editor's lock")
    (dags.flows / "lost.json").symlink_to("nowhere")
    (dags.flows / "folder.py").mkdir()
    found, warned = dags.load(max_active_runs=1, arguments=["--max-workers=4"])
    assert set(found) == {"TrainFlow", "ready"}
    assert warned == []
    train = found["TrainFlow"]
    assert isinstance(train, MetaflowDAG)
    assert (set(train.task_dict), train.max_active_tasks, train.max_active_runs) == ({"start", "end"}, 4, 1)


def test_an_unchanged_flow_is_not_compiled_again(dags: Dags) -> None:
    dags.write("sizes.py", "TIMES = 1")
    dags.write("train.py", flow(head="from sizes import TIMES", start="@retry(times=TIMES)"))
    assert dags.load()[0]["TrainFlow"].task_dict["start"].retries == 1
    first = dags.cached
    assert dags.load()[0]["TrainFlow"].task_dict["start"].retries == 1
    assert dags.cached == first
    # What the flow imports counts as the flow does.
    dags.write("sizes.py", "TIMES = 22 - 20")
    assert dags.load()[0]["TrainFlow"].task_dict["start"].retries == 2
    assert dags.cached.keys() == first.keys()
    assert dags.cached != first


def test_a_flow_is_not_compiled_again_because_its_neighbour_changed(dags: Dags) -> None:
    dags.write("train.py", flow())
    dags.write("score.py", flow("ScoreFlow"))
    dags.load()
    first = dags.cached
    dags.write("score.py", flow("ScoreFlow", start="@retry(times=2)"))
    assert dags.load()[0]["ScoreFlow"].task_dict["start"].retries == 2
    again = [name for name, written in dags.cached.items() if written != first[name]]
    assert [name.split("-")[0] for name in again] == ["score"]


def test_two_flows_of_one_name_are_told_apart_by_a_warning(dags: Dags) -> None:
    dags.write("first.py", flow())
    dags.write("second.py", flow())

    loaded, warned = dags.load()

    assert len(loaded) == 1
    assert any("second.py is left out" in text for text in warned)


MAIN = 'if __name__ == "__main__":\n    pass\n'
BAD_FLOWS = {
    "syntax.py": ("from metaflow import FlowSpec\ndef (", "syntax.py, line 2: invalid syntax"),
    "missing.py": (flow("MissingFlow", head="import no_such_module"), "No module named 'no_such_module'"),
    "none.py": (f"from metaflow import FlowSpec\n{MAIN}", "none.py holds no flow; put one flow in a file"),
    "two.py": (
        flow("OneFlow").split("if __name__")[0] + flow("OtherFlow"),
        "two.py holds 2 flows (OneFlow, OtherFlow); put one flow in a file",
    ),
    "idle.py": (
        flow("IdleFlow").split("if __name__")[0] + MAIN,
        "idle.py does not start its flow: call it under if __name__",
    ),
    "unknown.py": (flow("UnknownFlow").replace("self.end", "self.nowhere"), "nowhere"),
    "circular.py": (
        flow("CircularFlow").replace("        pass", "        self.next(self.start)"),
        "The start step start has incoming transitions from end",
    ),
    "event.py": (
        flow("EventFlow", decorators='@trigger(event="e")'),
        "Deploying flows with @trigger to Airflow is not supported",
    ),
    "bad name.py": ("from metaflow import FlowSpec\n1 +", "bad name.py, line 2: invalid syntax"),
    "cut off.json": (dumps(plan())[:-20], "The plan is not complete JSON"),
    "newer.json": (dumps(plan()).replace('"schema": 1', '"schema": 99'), "upgrade metaflow-orchestrators"),
}


def test_bad_files_do_not_take_the_good_ones_down(dags: Dags) -> None:
    dags.write("good.py", flow("GoodFlow"))
    for name, (text, _) in BAD_FLOWS.items():
        dags.write(name, text)
    found, warned = dags.load()
    assert set(found) == {"GoodFlow"} | {Path(name).stem.replace(" ", "_") for name in BAD_FLOWS}
    assert found["GoodFlow"].tags == {"metaflow"}
    for name, (_, reason) in BAD_FLOWS.items():
        dag = found[Path(name).stem.replace(" ", "_")]
        assert dag.tags == {"metaflow", NEVER_COMPILED}
        assert dag.schedule is None
        [problem] = dag.doc_md.splitlines()
        assert name in problem
        assert reason in problem
        assert problem in warned
    assert len(warned) == len(BAD_FLOWS)


def test_the_last_good_plan_stays_until_the_flow_compiles_again(dags: Dags) -> None:
    good = flow(decorators="@schedule(daily=True)", doc="Trains.")
    dags.write("train.py", good)
    assert dags.load()[0]["TrainFlow"].tags == {"metaflow"}
    dags.write("train.py", good + "\n1 +")
    for _ in range(2):
        found, [warning] = dags.load(tags=["mine"])
        assert set(found) == {"TrainFlow"}
        dag = found["TrainFlow"]
        assert dag.tags == {"metaflow", NOT_UP_TO_DATE, "mine"}
        assert dag.schedule is not None
        assert dag.doc_md.startswith(
            "**This is the last version that compiled.** train.py does not compile: "
        )
        assert warning in dag.doc_md
    dags.write("train.py", good + "\n")
    found, warned = dags.load()
    assert (found["TrainFlow"].tags, warned) == ({"metaflow"}, [])


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process is about to run a task of one DAG, as Airflow says in the environment."""
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "TrainFlow")
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_TASK_ID", "start")


def test_a_worker_takes_the_plan_that_is_there(dags: Dags, request: pytest.FixtureRequest) -> None:
    dags.write("train.py", flow(start="@retry(times=1)"))
    dags.write("other.py", flow("OtherFlow"))
    dags.load()
    before = dags.cached
    dags.write("train.py", flow(start="@retry(times=3)"))
    request.getfixturevalue("worker")
    found, warned = dags.load()
    assert set(found) == {"TrainFlow"}, "other DAGs are of no use to it"
    assert found["TrainFlow"].task_dict["start"].retries == 1
    assert (dags.cached, warned) == (before, [])


def test_a_worker_finds_the_plan_whatever_its_own_interpreter_is(
    dags: Dags, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    dags.write("train.py", flow())
    dags.load()
    request.getfixturevalue("worker")
    monkeypatch.setenv("AIRFLOW__METAFLOW__PYTHON", "/worker/python")
    assert set(dags.load()[0]) == {"TrainFlow"}


@pytest.mark.usefixtures("worker")
def test_a_worker_without_plan_says_so(dags: Dags) -> None:
    dags.write("train.py", flow())
    found, [warning] = dags.load()
    assert found == {}
    assert warning == (
        f"train.py has no compiled plan in {dags.root / 'cache'}, and a worker does not compile; "
        "share [metaflow] plan_cache_folder with the DAG processor, or load compiled plans"
    )
    assert not (dags.root / "cache").exists()
    with pytest.raises(CompilationFailed, match="and a worker does not compile"):
        load_flow(dags.flows / "train.py")


@pytest.mark.usefixtures("worker")
def test_a_worker_that_cannot_read_the_plan_says_so(dags: Dags, monkeypatch: pytest.MonkeyPatch) -> None:
    dags.write("train.py", flow())
    monkeypatch.setenv("AIRFLOW__METAFLOW__PLAN_CACHE_FOLDER", str(dags.flows / "train.py"))
    _, [warning] = dags.load()
    assert warning.endswith("cannot be read (Not a directory); check [metaflow] plan_cache_folder")


def test_a_worker_runs_the_task_of_a_flow_that_does_not_compile(
    dags: Dags, monkeypatch: pytest.MonkeyPatch
) -> None:
    dags.write("train.py", f"from metaflow import FlowSpec\n{MAIN}")
    dags.load()
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "train")
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_TASK_ID", "problem")
    found, warned = dags.load()
    assert (set(found["train"].task_dict), warned) == ({"problem"}, [])


def test_a_cache_that_cannot_be_written_takes_no_dag_down(
    dags: Dags, monkeypatch: pytest.MonkeyPatch
) -> None:
    dags.write("train.py", flow())
    dags.write("score.py", flow("ScoreFlow"))
    folder = dags.flows / "train.py" / "plans"
    monkeypatch.setenv("AIRFLOW__METAFLOW__PLAN_CACHE_FOLDER", str(folder))
    found, [warning] = dags.load()
    assert set(found) == {"TrainFlow", "ScoreFlow"}
    assert warning.startswith(f"Compiled plans cannot be kept in {folder} (Not a directory)")
    assert "set [metaflow] plan_cache_folder" in warning


BASE = """
from metaflow import FlowSpec, step


class TeamFlow(FlowSpec):
    @step
    def end(self):
        pass
"""
DERIVED = """
from {module} import TeamFlow
from metaflow import step


class {name}(TeamFlow):
    @step
    def start(self):
        self.next(self.end)


if __name__ == "__main__":
    {name}()
"""


def test_flows_with_a_base_class_of_their_own(dags: Dags) -> None:
    dags.write("_base.py", BASE)
    dags.write("base.py", BASE)
    dags.write("train.py", DERIVED.format(module="_base", name="TrainFlow"))
    dags.write("score.py", DERIVED.format(module="base", name="ScoreFlow"))
    # Scripts that are no flows are not run.
    dags.write("clean.py", 'if __name__ == "__main__":\n    raise RuntimeError("executed")\n')
    for _ in ("compiled", "from the cache"):
        found, warned = dags.load()
        assert (set(found), warned) == ({"TrainFlow", "ScoreFlow"}, [])
    compiled = dags.cached
    dags.load()
    assert dags.cached == compiled, "a file that is no flow is not looked at again"
    with pytest.raises(CompilationFailed, match=r"^base.py starts no flow: call it"):
        load_flow(dags.flows / "base.py")


def test_a_step_that_no_flow_has_is_named(dags: Dags) -> None:
    dags.write("train.py", flow())
    found, [warning] = dags.load(step_arguments={"start": {"pool": "ml"}, "strat": {"pool": "ml"}})
    assert warning == "step_arguments: no flow here has a step strat"
    assert found["TrainFlow"].task_dict["start"].pool == "ml"


def test_the_pool_among_the_arguments_is_that_of_the_tasks(
    dags: Dags, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.defpath)  # no Airflow there can be asked for its pools
    dags.write("train.py", flow())
    found, _ = dags.load(arguments=["--worker-pool=etl"])
    assert found["TrainFlow"].task_dict["end"].pool == "etl"


def test_the_interpreter_has_to_be_there(dags: Dags) -> None:
    dags.write("train.py", flow())
    found, _ = dags.load(python="/no/such/python")
    assert "/no/such/python cannot be run" in found["train"].doc_md
    assert "set [metaflow] python" in found["train"].doc_md


def test_there_has_to_be_a_folder(dags: Dags) -> None:
    with pytest.raises(NotADirectoryError, match=r"^load_flows: .*/gone is not a folder$"):
        dags.load("../gone")


def test_flows_below_the_dag_file_have_to_be_ignored_by_airflow(dags: Dags) -> None:
    inside = dags.root / "dags" / "flows"
    inside.mkdir()
    ignore = dags.root / "dags" / ".airflowignore"
    _, [warning] = dags.load("flows")
    assert warning.endswith(f"add this line to {ignore}: flows/")
    ignore.write_text("flows/\n", encoding="utf-8")
    assert dags.load("flows") == ({}, [])


def test_one_flow_or_plan(dags: Dags) -> None:
    one = dags.write("train.py", flow())
    assert load_flow(one, pool="ml").task_dict["start"].pool == "ml"
    assert load_flow(dags.write("ready.json", dumps(plan(name="ready")))).dag_id == "ready"
    one.write_text("from metaflow import FlowSpec\n1 +", encoding="utf-8")
    assert NOT_UP_TO_DATE in load_flow(one).tags
    with pytest.raises(CompilationFailed, match=r"^new.py does not compile: new.py holds no flow"):
        load_flow(dags.write("new.py", f"from metaflow import FlowSpec\n{MAIN}"))
    with pytest.raises(PlanError):
        load_flow(dags.write("bad.json", "{"))
    with pytest.raises(FileNotFoundError, match=r"load_flow: there is no .*/gone.py"):
        load_flow(dags.flows / "gone.py")
