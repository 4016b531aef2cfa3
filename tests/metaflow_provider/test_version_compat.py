"""Names that differ between Airflow's versions are imported in one place."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "metaflow_provider"
COMPATIBILITY = PACKAGE / "version_compat.py"


def airflow_imports(source: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return {name for name in found if name.split(".")[0] == "airflow"}


def modules() -> list[str]:
    files = (
        path for path in PACKAGE.rglob("*.py") if "example_dags" not in path.parts and path != COMPATIBILITY
    )
    return sorted(path.relative_to(PACKAGE).as_posix() for path in files)


@pytest.mark.parametrize("module", modules())
def test_only_one_module_knows_airflows_versions(module: str) -> None:
    imported = airflow_imports((PACKAGE / module).read_text(encoding="utf-8"))
    # Providers have versions of their own.
    assert {name for name in imported if not name.startswith("airflow.providers.")} == set()


def test_that_module_imports_all_it_offers() -> None:
    from metaflow_provider import version_compat

    assert airflow_imports(COMPATIBILITY.read_text(encoding="utf-8"))
    assert all(hasattr(version_compat, name) for name in version_compat.__all__)
