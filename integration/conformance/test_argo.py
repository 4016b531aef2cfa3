"""The corpus, and random flows, on a cluster with Argo Workflows, each equal to `python flow.py run`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.conformance.corpus import CASES
from integration.conformance.on_argo import differences_from_run
from integration.conformance.random_flows import random_case
from integration.harness.cluster.cluster import Cluster
from integration.harness.cluster.running import running_cluster
from integration.harness.skips import skipped_if_missing

pytestmark = [pytest.mark.argo, pytest.mark.conformance]

IN_PODS = [name for name, case in CASES.items() if not case.processes_only]
SEEDS = range(10)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with skipped_if_missing(), running_cluster(["jobset"]) as cluster:
        yield cluster


@pytest.mark.parametrize("name", IN_PODS)
def test_case(cluster: Cluster, tmp_path: Path, name: str) -> None:
    assert differences_from_run(CASES[name], cluster, tmp_path) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_random_flow(cluster: Cluster, tmp_path: Path, seed: int) -> None:
    assert differences_from_run(random_case(seed, tmp_path), cluster, tmp_path) == []
