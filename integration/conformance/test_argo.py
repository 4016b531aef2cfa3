"""The corpus, and random flows, on a cluster with Argo Workflows, each equal to `python flow.py run`.

Unmarked: a case for every graph kind. Marked `conformance`: everything, less what `@kubernetes` refuses.
Gangs are JobSets there, otherwise Kubernetes' own Jobs.
"""

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

pytestmark = pytest.mark.argo

REPRESENTATIVE = [
    "nested_splits",
    "foreach_in_switch_in_foreach",
    "switch_into_join_mixed",
    "loop_in_foreach",
    "gang",
    "catch_kill",
    "hostile_text-given",
    "in_project-branch",
]
IN_PODS = [name for name, case in CASES.items() if not case.processes_only]
SEEDS = range(1)
MORE_SEEDS = range(1, 10)


@pytest.fixture(scope="module")
def dns(cluster: Cluster) -> Iterator[Cluster]:
    """The cluster with its DNS, by which nodes of a gang find each other."""
    with skipped_if_missing(), running_cluster(["dns"]):
        yield cluster


@pytest.fixture(scope="module")
def jobsets(cluster: Cluster) -> Iterator[Cluster]:
    """The cluster with JobSet."""
    with skipped_if_missing(), running_cluster(["jobset"]):
        yield cluster


@pytest.mark.parametrize("name", REPRESENTATIVE)
def test_representative_case(dns: Cluster, tmp_path: Path, name: str) -> None:
    assert differences_from_run(CASES[name], dns, tmp_path) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_random_flow(dns: Cluster, tmp_path: Path, seed: int) -> None:
    assert differences_from_run(random_case(seed, tmp_path), dns, tmp_path) == []


@pytest.mark.conformance
@pytest.mark.parametrize("name", [name for name in IN_PODS if name not in REPRESENTATIVE])
def test_further_case(jobsets: Cluster, tmp_path: Path, name: str) -> None:
    assert differences_from_run(CASES[name], jobsets, tmp_path) == []


@pytest.mark.conformance
@pytest.mark.parametrize("seed", MORE_SEEDS)
def test_further_random_flow(jobsets: Cluster, tmp_path: Path, seed: int) -> None:
    assert differences_from_run(random_case(seed, tmp_path), jobsets, tmp_path) == []
