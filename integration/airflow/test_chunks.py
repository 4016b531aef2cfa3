"""A foreach wider than Airflow maps (`[core] max_map_length`): its instances share mapped tasks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration.conformance.corpus import CASES
from integration.conformance.on_airflow import differences_from_run, make_home
from integration.harness.airflow.home import AirflowHome
from integration.harness.airflow.tester import DagTester

pytestmark = pytest.mark.airflow

REPRESENTATIVE = ["foreach_in_switch_in_foreach", "retry_catch_foreach"]
FURTHER = ["nested_foreach", "three_levels", "switch_in_foreach", "loop_in_foreach", "gang_in_foreach"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> AirflowHome:
    return make_home(tmp_path_factory.mktemp("chunks"), {"AIRFLOW__CORE__MAX_MAP_LENGTH": "2"})


@pytest.fixture(scope="module")
def tester(home: AirflowHome) -> Iterator[DagTester]:
    with DagTester(home) as tester:
        yield tester


def check(home: AirflowHome, tester: DagTester, name: str) -> None:
    assert differences_from_run(CASES[name], home, tester) == []
    (home.dags / f"{name}.py").unlink()


@pytest.mark.parametrize("name", REPRESENTATIVE)
def test_representative_case(home: AirflowHome, tester: DagTester, name: str) -> None:
    check(home, tester, name)


@pytest.mark.conformance
@pytest.mark.parametrize("name", FURTHER)
def test_further_case(home: AirflowHome, tester: DagTester, name: str) -> None:
    check(home, tester, name)
