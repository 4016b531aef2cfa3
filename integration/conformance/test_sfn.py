"""The corpus, and random flows, on the local Step Functions engine, each equal to `python flow.py run`.

Unmarked: a case for every graph kind. Marked `conformance`: everything, less the flows that `@batch` refuses.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration.conformance.corpus import CASES
from integration.conformance.on_sfn import CONTAINER, differences_from_run
from integration.conformance.random_flows import random_case
from integration.harness.sfn.engine import Engine
from integration.harness.skips import skipped_if_missing

pytestmark = pytest.mark.sfn

REPRESENTATIVE = [
    "single_step",
    "nested_splits",
    "foreach_one_step",
    "foreach_in_switch_in_foreach",
    "switch_into_join_mixed",
    "loop_in_foreach",
    "gang",
    "retry_twice",
    "catch_kill",
    "hostile_text-given",
    "in_project-branch",
]
ON_BATCH = [name for name, case in CASES.items() if not case.processes_only]
SEEDS = range(2)
MORE_SEEDS = range(2, 25)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with skipped_if_missing(), Engine(tmp_path_factory.mktemp("sfn"), container=CONTAINER) as engine:
        yield engine


@pytest.mark.parametrize("name", REPRESENTATIVE)
def test_representative_case(engine: Engine, name: str) -> None:
    assert differences_from_run(CASES[name], engine) == []


@pytest.mark.conformance
@pytest.mark.parametrize("name", [name for name in ON_BATCH if name not in REPRESENTATIVE])
def test_further_case(engine: Engine, name: str) -> None:
    assert differences_from_run(CASES[name], engine) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_random_flow(engine: Engine, seed: int) -> None:
    assert differences_from_run(random_case(seed, engine.folder), engine) == []


@pytest.mark.conformance
@pytest.mark.parametrize("seed", MORE_SEEDS)
def test_further_random_flow(engine: Engine, seed: int) -> None:
    assert differences_from_run(random_case(seed, engine.folder), engine) == []
