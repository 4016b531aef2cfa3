"""What a process that loads DAGs holds in memory; each in a fresh one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from metaflow_provider.plan import dumps
from tests.flows import Place, flow
from tests.metaflow_provider.plans import every_kind

# Executes a DAG file as Airflow does, without the modules that are named, and tells what came along.
LOAD = """
import json, sys
from pathlib import Path
import airflow.sdk

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in sys.argv[2].split(","):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
before = set(sys.modules)
namespace = {"__file__": sys.argv[1], "__name__": "dag_file"}
exec(compile(Path(sys.argv[1]).read_text(), sys.argv[1], "exec"), namespace)
dags = sorted(v.dag_id for v in namespace.values() if isinstance(v, airflow.sdk.DAG))
print(json.dumps([dags, sorted(set(sys.modules) - before)]))
"""
FACTORY = "from metaflow_provider import load_flows  # airflow DAG\nload_flows(globals(), '../flows')\n"
OUTSIDE = {"metaflow", "kubernetes", "boto3", "botocore", "train", "helpers"}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    for name in ("flows", "dags"):
        (tmp_path / name).mkdir()
    return Place(
        tmp_path,
        {
            "AIRFLOW_HOME": os.environ["AIRFLOW_HOME"],
            "AIRFLOW__METAFLOW__PLAN_CACHE_FOLDER": str(tmp_path / "cache"),
        },
    )


def load(place: Place, dag_file: Path, *absent: str) -> tuple[list[str], set[str]]:
    """The DAGs of a file, and the modules that loading it imported."""
    command = [sys.executable, "-c", LOAD, str(dag_file), ",".join(absent)]
    done = subprocess.run(
        command, env=place.env, cwd=place.folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    dags, modules = json.loads(done.stdout.splitlines()[-1])
    return dags, {name.split(".")[0] for name in modules}


def test_compiled_plans_load_where_there_is_no_metaflow(place: Place) -> None:
    place.write(dumps(every_kind()), "flows/ready.json")
    dag_file = place.write(FACTORY, "dags/flows_dag.py")
    dags, modules = load(place, dag_file, "metaflow", "kubernetes", "boto3")
    assert dags == ["train"]
    assert not modules & OUTSIDE


def test_a_flow_is_compiled_elsewhere(place: Place) -> None:
    place.write("SIZE = 1", "flows/helpers.py")
    place.write(flow(head="import helpers"), "flows/train.py")
    dag_file = place.write(FACTORY, "dags/flows_dag.py")
    for _ in ("compiled", "from the cache"):
        dags, modules = load(place, dag_file)
        assert dags == ["TrainFlow"]
        assert not modules & OUTSIDE


def test_a_generated_file_loads_alone_where_there_is_no_metaflow(place: Place) -> None:
    made = place.run(place.write(flow()), "airflow", "create", "dags/train_dag.py")
    assert made.status == 0, made.err
    moved = (place.folder / "dags" / "train_dag.py").rename(place.folder / "elsewhere.py")
    (place.folder / "train.py").unlink()
    dags, modules = load(place, moved, "metaflow", "kubernetes", "boto3")
    assert dags == ["TrainFlow"]
    assert not modules & OUTSIDE


def test_without_metaflow_a_flow_that_has_to_be_compiled_is_one_line(place: Place) -> None:
    place.write(flow(), "flows/train.py")
    bare = place.write(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n', "bare_python")
    bare.chmod(0o755)
    (place.folder / "dags" / "flows_dag.py").write_text(
        "from metaflow_provider import load_flow  # airflow DAG\n"
        "try:\n"
        f"    load_flow('flows/train.py', python={str(bare)!r})\n"
        "except Exception as problem:\n"
        "    raise SystemExit(f'{type(problem).__name__}: {problem}')\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-c", LOAD, str(place.folder / "dags" / "flows_dag.py"), ""]
    env = {**place.env, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    done = subprocess.run(command, env=env, cwd=place.folder, capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == (
        f"CompilationFailed: train.py does not compile: {bare} has no Metaflow; "
        "install it, set [metaflow] python, or load compiled plans"
    )
