"""One cluster for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration.harness.cluster.cluster import Cluster
from integration.harness.cluster.running import running_cluster
from integration.harness.skips import skipped_if_missing


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with skipped_if_missing(), running_cluster() as cluster:
        yield cluster
