from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hera_bridge.api_server import ApiServer
from tests.hera_bridge.cluster import cluster


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    """A stand-in for a cluster, which the clients find by KUBECONFIG."""
    with cluster(tmp_path, monkeypatch) as found:
        yield found
