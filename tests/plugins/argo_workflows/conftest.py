"""A store on this machine, no cluster, and a folder of flows for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.harness.s3 import MotoS3
from tests.flows import Place


@pytest.fixture(scope="package")
def store() -> Iterator[MotoS3]:
    with MotoS3() as server:
        yield server


@pytest.fixture
def place(store: MotoS3, tmp_path: Path) -> Place:
    """Of somebody who has no cluster: what the commands do here they do offline."""
    nowhere = {"HOME": str(tmp_path), "KUBECONFIG": str(tmp_path / "kubeconfig")}
    return Place(tmp_path, {**store.env, **nowhere, "METAFLOW_HOME": str(tmp_path / "home")})
