"""The wheel, installed outside the checkout beside another extension of Metaflow, is what Metaflow runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
import venv
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("metaflow_extensions", "metaflow_provider", "metaflow_orchestrators", "hera_bridge", "sfn")

FLOW = """
from metaflow import FlowSpec, step


class SmallFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SmallFlow()
"""

NEIGHBOUR = {
    "pyproject.toml": """
        [build-system]
        requires = ["setuptools>=77"]
        build-backend = "setuptools.build_meta"

        [project]
        name = "metaflow-neighbour"
        version = "1.0"

        [tool.setuptools.packages.find]
        include = ["metaflow_extensions*"]
        """,
    "metaflow_extensions/neighbour/plugins/mfextinit_neighbour.py": """
        CLIS_DESC = [("neighbour", ".commands.cli")]
        """,
    "metaflow_extensions/neighbour/plugins/commands.py": """
        from metaflow._vendor import click

        @click.group()
        def cli():
            pass

        @cli.group()
        def neighbour():
            pass

        @neighbour.command()
        def greet():
            print("hello from next door")
        """,
}


def build_wheel(source: Path, target: Path) -> Path:
    """The wheel of a source tree, built in the test environment."""
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", target, source],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    [wheel] = target.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout, since building leaves its traces."""
    source = tmp_path_factory.mktemp("source")
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, source)
    for package in PACKAGES:
        if (ROOT / package).is_dir():
            shutil.copytree(
                ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__", ".metaflow")
            )
    return source


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(source, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def neighbour(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of another extension, built as most are."""
    source = tmp_path_factory.mktemp("neighbour")
    for name, text in NEIGHBOUR.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(textwrap.dedent(text))
    return build_wheel(source, tmp_path_factory.mktemp("neighbour-wheel"))


@dataclass(frozen=True)
class Installation:
    """An environment with Metaflow and extensions, and a folder that holds `flow.py` alone."""

    python: Path
    folder: Path

    def flow(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """`python flow.py ARGUMENTS` with nothing of the test's own environment but PATH."""
        return subprocess.run(
            [self.python, "flow.py", *arguments],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "USERNAME": "tester", **environment},
            capture_output=True,
            text=True,
        )

    def commands(self, group: str, **environment: str) -> list[str]:
        """The names that `python flow.py GROUP --help` lists."""
        shown = self.flow(group, "--help", **environment)
        assert shown.returncode == 0, shown.stderr
        return [line.split()[0] for line in shown.stdout.partition("Commands:\n")[2].splitlines() if line]


@pytest.fixture(scope="module")
def installation(wheel: Path, neighbour: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    root = tmp_path_factory.mktemp("installation")
    uv = shutil.which("uv")
    venv.create(root / "venv", symlinks=True, with_pip=uv is None)
    python = root / "venv" / "bin" / "python"
    install = [uv, "pip", "install", "--python", str(python)] if uv else [str(python), "-m", "pip", "install"]
    constraints = ["--constraint", str(ROOT / "constraints.txt")]
    subprocess.run([*install, "--quiet", *constraints, str(wheel), str(neighbour), "metaflow"], check=True)
    folder = root / "flows"
    folder.mkdir()
    (folder / "flow.py").write_text(FLOW)
    return Installation(python, folder)


STOCK = {"METAFLOW_EXTENSIONS_SEARCH_DIRS": "/nonexistent"}


def test_the_wheel_holds_the_packages_and_nothing_else(source: Path, wheel: Path) -> None:
    expected = {
        path.relative_to(source).as_posix()
        for package in PACKAGES
        for path in (source / package).rglob("*")
        if path.is_file()
    }
    with ZipFile(wheel) as archive:
        assert {name for name in archive.namelist() if ".dist-info/" not in name} == expected


def test_our_commands_are_the_ones_loaded(installation: Installation) -> None:
    assert {"create", "plan", "check"} <= set(installation.commands("airflow"))


def test_the_other_extension_works_too(installation: Installation) -> None:
    assert installation.flow("neighbour", "greet").stdout == "hello from next door\n"


def test_metaflow_names_the_extension_in_its_version(installation: Installation) -> None:
    shown = installation.flow("version")
    assert "+metaflow-orchestrators(" in shown.stderr
    assert "Plugins did not load" not in shown.stderr


def test_stock_commands_come_back_when_extensions_are_off(installation: Installation) -> None:
    assert installation.commands("airflow", **STOCK) == ["create"]
    version = installation.flow("version", **STOCK)
    assert version.returncode == 0
    assert "orchestrators" not in version.stderr
