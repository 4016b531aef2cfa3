"""The command of steps in Metaflow's conda, pypi and uv environments: rendered, and run with stand-ins.

uv itself is run by `integration/airflow/test_deployments.py`; no test asks the channels of conda and pypi.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from metaflow_provider.backends.bootstrap import bash_command
from metaflow_provider.plan.model import Step

# As Metaflow writes them, for conda and pypi alike.
CONDA = Step(
    "train",
    "linear",
    executable="linux-64/0a1b2c3d/bin/python",
    bootstrap=(
        "echo 'Bootstrapping virtual environment...'",
        "flush_mflogs",
        'DISABLE_TRACING=True python -m metaflow.plugins.pypi.bootstrap "TrainFlow" 0a1b2c3d "s3" linux-64',
        "export PATH=$PATH:$(pwd)/micromamba/bin",
        "echo 'Environment bootstrapped.'",
        "flush_mflogs",
        "export _METAFLOW_CONDA_ENV='0a1b2c3d'",
    ),
)


def test_the_command_of_conda_and_pypi(tmp_path: Path) -> None:
    program, option, script, name = bash_command(CONDA, "/opt/ml/bin/python", tmp_path, "runtime.task")
    assert (program, option, name) == ("bash", "-c", "metaflow")
    lines = script.splitlines()
    assert lines[0] == "set -e"
    assert "export PATH=/opt/ml/bin:$PATH" in lines
    assert [lines.count(line) for line in CONDA.bootstrap] == [1, 2, 1, 1, 1, 2, 1]
    assert lines[-1] == 'exec linux-64/0a1b2c3d/bin/python -m runtime.task "$@"'
    exports = [lines.index(line) for line in CONDA.bootstrap if line.startswith("export ")]
    # Only the making of the environment is done once: every task needs its variables.
    assert min(exports) > max(i for i, line in enumerate(lines) if line.endswith(".done; fi"))


@pytest.fixture
def module(tmp_path: Path) -> Path:
    (tmp_path / "shows.py").write_text("import os, sys\nprint(os.environ['NAME'], sys.argv[1:])\n")
    return tmp_path


def run(step: Step, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = bash_command(step, sys.executable, folder, "shows")
    return subprocess.run([*command, *arguments], cwd=folder, capture_output=True, text=True, check=False)


def test_an_environment_is_made_once_and_its_variables_are_set_each_time(module: Path) -> None:
    lines = ("echo made >> count", 'mflog "making"', "flush_mflogs", "export NAME='it is'")
    step = Step("train", "linear", executable="python", bootstrap=lines)
    first, second = (run(step, module, "request", "a b", "$HOME") for _ in range(2))
    assert first.stdout == "making\nit is ['request', 'a b', '$HOME']\n", first.stderr
    assert second.stdout == "it is ['request', 'a b', '$HOME']\n"
    assert (module / "count").read_text() == "made\n"


def test_an_environment_that_cannot_be_made_fails_the_step_and_is_tried_again(module: Path) -> None:
    step = Step("train", "linear", executable="python", bootstrap=("echo tried >> count", "false"))
    assert [run(step, module).returncode for _ in range(2)] == [1, 1]
    assert (module / "count").read_text() == "tried\ntried\n"
    assert "NAME" not in run(step, module).stderr


def test_tasks_that_start_together_make_it_once_with_no_more_than_bash_and_python(module: Path) -> None:
    tools = module / "tools"
    tools.mkdir()
    for name in ("bash", "touch", "sleep"):
        (tools / name).symlink_to(str(shutil.which(name)))
    (tools / "python").symlink_to(sys.executable)
    lines = ("echo begun >> count", "sleep 1", "echo made >> count", "export NAME=it")
    step = Step("train", "linear", executable=shlex.quote(sys.executable), bootstrap=lines)
    command = bash_command(step, str(tools / "python"), module, "shows")
    environment = {"PATH": str(tools)}
    tasks = [
        subprocess.Popen(command, cwd=module, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in "123"
    ]
    assert [task.communicate(timeout=60)[0] for task in tasks] == ["it []\n"] * 3
    assert (module / "count").read_text() == "begun\nmade\n"
