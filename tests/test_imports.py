"""Who may import whom: the layers, and what stays out of memory until it is needed."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("metaflow_extensions", "metaflow_provider", "metaflow_orchestrators", "hera_bridge", "sfn")

EXTENSION = "metaflow_extensions.orchestrators"
EXTENSION_FILES = "metaflow_extensions/orchestrators"
CORE = (f"{EXTENSION}.core", f"{EXTENSION}._version")
PLAN = "metaflow_provider.plan"
DEPLOYMENT = "metaflow_provider.deployment"
BOTO = ("boto3", "botocore")
ANYTHING = "*"


@dataclass(frozen=True)
class Layer:
    """What the files of a pattern may import beside the standard library."""

    files: str
    anywhere: tuple[str, ...]
    inside_functions: tuple[str, ...] = ()


# The first pattern that matches a file is its layer.
LAYERS = (
    Layer(f"{EXTENSION_FILES}/core/*", CORE),
    # botocore is there wherever Metaflow's S3 client is.
    Layer(f"{EXTENSION_FILES}/runtime/*", (f"{EXTENSION}.runtime", *CORE, "metaflow"), ("botocore",)),
    # Metaflow imports these itself, in containers too, where only this tree exists.
    Layer(f"{EXTENSION_FILES}/config/*", (EXTENSION, "metaflow")),
    Layer(f"{EXTENSION_FILES}/toplevel/*", (EXTENSION, "metaflow")),
    Layer(f"{EXTENSION_FILES}/plugins/mfextinit_*.py", (EXTENSION, "metaflow")),
    Layer(f"{EXTENSION_FILES}/plugins/*_cli.py", (EXTENSION, "metaflow"), (ANYTHING,)),
    Layer(f"{EXTENSION_FILES}/plugins/*_decorator.py", (EXTENSION, "metaflow"), (ANYTHING,)),
    Layer(f"{EXTENSION_FILES}/plugins/*_deployer.py", (EXTENSION, "metaflow"), (ANYTHING,)),
    # Commands import the rest when they run.
    Layer(f"{EXTENSION_FILES}/plugins/step_functions/*", (EXTENSION, PLAN, "sfn", "metaflow"), (ANYTHING,)),
    Layer(
        f"{EXTENSION_FILES}/plugins/argo_workflows/*",
        (EXTENSION, PLAN, "hera_bridge", "metaflow"),
        (ANYTHING,),
    ),
    Layer(f"{EXTENSION_FILES}/plugins/*", (EXTENSION, PLAN, "metaflow"), (ANYTHING,)),
    Layer(f"{EXTENSION_FILES}/*", CORE),
    Layer("metaflow_provider/plan/reader/*", (PLAN, *CORE), ("metaflow",)),
    Layer("metaflow_provider/plan/*", (PLAN, *CORE)),
    Layer("metaflow_provider/deployment/*", (DEPLOYMENT, PLAN)),
    # Flows, and the DAG file that loads them.
    Layer("metaflow_provider/example_dags/*", ("metaflow_provider", "metaflow", "airflow")),
    Layer("metaflow_provider/*", ("metaflow_provider", *CORE, "airflow"), (*BOTO, "kubernetes")),
    Layer("metaflow_orchestrators/*", ()),
    Layer("hera_bridge/*", ("hera_bridge", PLAN, DEPLOYMENT, *CORE, "hera"), ("kubernetes",)),
    Layer("sfn/asl/*", ("sfn.asl",)),
    Layer("sfn/*", ("sfn", PLAN, DEPLOYMENT, *CORE), BOTO),
)


@dataclass(frozen=True)
class Import:
    """One imported name: `from a import b` is `a.b` when that is a module, `a` otherwise; both are kept."""

    line: int
    names: tuple[str, ...]
    inside_function: bool


def imports_of(source: str, file: str) -> Iterator[Import]:
    """Every import of a file, those for type checkers only counted as inside a function."""

    def visit(node: ast.AST, inside: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node.lineno, (alias.name,), inside)
        elif isinstance(node, ast.ImportFrom):
            module = absolute_name(node, file)
            for alias in node.names:
                yield Import(node.lineno, (module, f"{module}.{alias.name}"), inside)
        else:
            inside = inside or is_put_off(node)
            for child in ast.iter_child_nodes(node):
                yield from visit(child, inside)

    return visit(ast.parse(source, file), False)


def is_put_off(node: ast.AST) -> bool:
    """Whether what stands in the node does not run when the module is imported."""
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING"
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))


def absolute_name(node: ast.ImportFrom, file: str) -> str:
    """The module that `from ... import` names, its leading dots resolved against the file's package."""
    if not node.level:
        return node.module or ""
    package = file.split("/")[: -node.level]
    return ".".join([*package, node.module] if node.module else package)


def may_import(allowed: tuple[str, ...], name: str) -> bool:
    """Whether a module is in the standard library or under one of the allowed names."""
    if ANYTHING in allowed or name.split(".")[0] in sys.stdlib_module_names:
        return True
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in allowed)


def layer_of(file: str) -> Layer:
    """The layer of a file, given by its path from the checkout."""
    return next(layer for layer in LAYERS if fnmatch(file, layer.files))


def violations(source: str, file: str) -> list[str]:
    """The imports that the layer of the file forbids, as `file:line imports name`."""
    layer = layer_of(file)
    found = []
    for imported in imports_of(source, file):
        allowed = layer.anywhere + (layer.inside_functions if imported.inside_function else ())
        if not any(may_import(allowed, name) for name in imported.names):
            found.append(f"{file}:{imported.line} imports {imported.names[-1]}")
    return found


def source_files() -> list[str]:
    return sorted(
        path.relative_to(ROOT).as_posix() for package in PACKAGES for path in (ROOT / package).rglob("*.py")
    )


@pytest.mark.parametrize("file", source_files())
def test_a_file_imports_what_its_layer_may(file: str) -> None:
    assert violations((ROOT / file).read_text(encoding="utf-8"), file) == []


@pytest.mark.parametrize(
    ("file", "source", "imported"),
    [
        (f"{EXTENSION_FILES}/core/ids.py", "from metaflow_provider import plan", "metaflow_provider.plan"),
        (f"{EXTENSION_FILES}/core/ids.py", "from ..runtime import task", f"{EXTENSION}.runtime.task"),
        (f"{EXTENSION_FILES}/runtime/task.py", "def f():\n  import metaflow_provider", "metaflow_provider"),
        (f"{EXTENSION_FILES}/plugins/x/x_cli.py", "import metaflow_provider.plan", "metaflow_provider.plan"),
        ("metaflow_provider/plan/reader/flow.py", "import metaflow", "metaflow"),
        ("metaflow_provider/plan/codec.py", "def f():\n  from metaflow import S3", "metaflow.S3"),
        ("metaflow_provider/plan/codec.py", "from ..dag import build", "metaflow_provider.dag.build"),
        ("metaflow_provider/dag/build.py", "async def f():\n  import metaflow", "metaflow"),
        ("metaflow_provider/dag/build.py", "class A:\n  import kubernetes.client", "kubernetes.client"),
        ("metaflow_provider/dag/build.py", "try:\n  import boto3\nexcept ImportError:\n  pass", "boto3"),
        ("metaflow_provider/dag/build.py", "def f():\n  import hera_bridge", "hera_bridge"),
        ("hera_bridge/build.py", "from metaflow_provider import dag", "metaflow_provider.dag"),
        ("hera_bridge/build.py", "import sfn", "sfn"),
        ("sfn/machine.py", "import metaflow_provider.dag", "metaflow_provider.dag"),
        ("sfn/asl/states.py", "from .. import deploy", "sfn.deploy"),
    ],
)
def test_a_forbidden_import_is_found(file: str, source: str, imported: str) -> None:
    [found] = violations(source, file)
    assert found.startswith(f"{file}:")
    assert found.endswith(f" imports {imported}")


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("metaflow_provider/plan/reader/flow.py", "def f():\n  from metaflow import current"),
        ("metaflow_provider/plan/reader/flow.py", "from metaflow_extensions.orchestrators import core"),
        ("metaflow_provider/dag/build.py", "from airflow.sdk import DAG\nfrom ..plan import loads"),
        ("metaflow_provider/dag/build.py", "if TYPE_CHECKING:\n  import kubernetes"),
        (f"{EXTENSION_FILES}/plugins/x/x_cli.py", "def f():\n  import rich"),
        ("hera_bridge/build.py", "import hera.workflows\nfrom metaflow_provider import plan"),
    ],
)
def test_an_allowed_import_is_left_alone(file: str, source: str) -> None:
    assert violations(source, file) == []


# Imports a module, and prints all that came along.
IMPORT = """
import importlib, json, sys
importlib.import_module(sys.argv[1])
print(json.dumps(sorted(sys.modules)))
"""


def loaded_with(module: str, folder: Path) -> set[str]:
    """What a fresh process outside the checkout holds after importing a module."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT, module], cwd=folder, stdout=subprocess.PIPE, text=True, check=True
    )
    return set(json.loads(done.stdout))


def command_groups() -> list[str]:
    files = ROOT.glob(f"{EXTENSION_FILES}/plugins/*/*_cli.py")
    return sorted(".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files)


SLOW = {"airflow", *BOTO, "hera", "kubernetes", "rich"}
ABSENT_IN_CONTAINERS = {"hera_bridge", "metaflow_provider", "sfn"}


@pytest.mark.parametrize("module", ["metaflow", *command_groups()])
def test_metaflow_with_the_extension_loads_nothing_else(module: str, tmp_path: Path) -> None:
    loaded = loaded_with(module, tmp_path)
    assert f"{EXTENSION}.plugins.mfextinit_orchestrators" in loaded
    assert loaded & (SLOW | ABSENT_IN_CONTAINERS) == set()
