"""The corpus, and random flows, on Airflow by `dag.test()`, each equal to `python flow.py run`.

Unmarked: a case for every graph kind and feature. Marked `conformance`: everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.conformance.corpus import CASES, Case
from integration.conformance.on_airflow import differences_from_run, make_home
from integration.conformance.random_flows import random_case
from integration.harness.airflow.home import AirflowHome
from integration.harness.airflow.tester import DagTester
from integration.harness.metadata_service import MetadataService
from integration.harness.s3 import VersityGW
from integration.harness.skips import skipped_if_missing

pytestmark = pytest.mark.airflow

REPRESENTATIVE = [
    "linear",
    "single_step",
    "custom_ends",
    "nested_splits",
    "foreach_long_body",
    "three_levels",
    "nested_switch-deep-a",
    "merge_after_switch-direct",
    "split_in_switch-wide",
    "switch_into_static_join-a",
    "switch_into_join_mixed",
    "foreach_in_switch_in_foreach",
    "loop_in_foreach",
    "loop_retries",
    "gang_in_foreach",
    "retry_catch_foreach",
    "catch_kill",
    "timeout_caught",
    "failing",
    "hostile_text-given",
    "every_parameter-given",
    "configs-given",
    "mutators-given",
    "in_project-branch",
    "tagged",
    "cards",
    "inline_secrets",
    "environment_foreach",
    "custom_classes",
    "prints",
]
ON_S3 = ["foreach_one_step", "switch_in_foreach", "loop_retries", "gang", "retry_twice", "cards", "prints"]
SEEDS = range(4)
MORE_SEEDS = range(4, 40)


class Airflow:
    """A home and a warm `dag.test()` process, shared by the tests of a module."""

    def __init__(self, folder: Path, env: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.home: AirflowHome = make_home(folder, env)
        self.tester = DagTester(self.home)

    def check(self, case: Case) -> None:
        assert differences_from_run(case, self.home, self.tester) == []
        for file in self.home.dags.glob("*.py"):
            file.unlink()


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    airflow = Airflow(tmp_path_factory.mktemp("local"))
    with airflow.tester:
        yield airflow


@pytest.fixture(scope="module")
def airflow_on_s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    folder = tmp_path_factory.mktemp("s3")
    with (
        skipped_if_missing(),
        VersityGW(folder) as s3,
        MetadataService(folder, required_header=("x-api-key", "not-in-any-plan")) as service,
    ):
        airflow = Airflow(folder, {**s3.env, **service.env})
        with airflow.tester:
            yield airflow


@pytest.mark.parametrize("name", REPRESENTATIVE)
def test_representative_case(airflow: Airflow, name: str) -> None:
    airflow.check(CASES[name])


@pytest.mark.conformance
@pytest.mark.parametrize("name", [name for name in CASES if name not in REPRESENTATIVE])
def test_further_case(airflow: Airflow, name: str) -> None:
    airflow.check(CASES[name])


@pytest.mark.parametrize("name", ON_S3)
def test_case_on_s3_with_a_metadata_service(airflow_on_s3: Airflow, name: str) -> None:
    airflow_on_s3.check(CASES[name])


@pytest.mark.parametrize("seed", SEEDS)
def test_random_flow(airflow: Airflow, seed: int) -> None:
    airflow.check(random_case(seed, airflow.folder))


@pytest.mark.conformance
@pytest.mark.parametrize("seed", MORE_SEEDS)
def test_further_random_flow(airflow: Airflow, seed: int) -> None:
    airflow.check(random_case(seed, airflow.folder))
