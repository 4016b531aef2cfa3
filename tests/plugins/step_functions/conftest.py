"""AWS on this machine: one engine, whose jobs do nothing, and a folder of flows for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.harness.sfn.engine import Engine
from tests.flows import Place


@pytest.fixture(scope="package")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with Engine(tmp_path_factory.mktemp("sfn")) as engine:
        engine.stub("*", "tests.plugins.step_functions.stubs:succeed")
        yield engine


@pytest.fixture
def place(engine: Engine, tmp_path: Path) -> Place:
    """Of somebody who deploys to the engine, with a home of their own."""
    return Place(tmp_path, {**engine.env, "METAFLOW_HOME": str(tmp_path / "home")})
