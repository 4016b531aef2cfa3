from __future__ import annotations

from pathlib import Path

import pytest
from metaflow.exception import MetaflowException

from metaflow_extensions.orchestrators.plugins.common.stand_in import stand_in
from metaflow_provider.plan.model import Parameter
from tests.flows import Place

PARAMETERS = (
    Parameter("alpha", "int"),
    Parameter("my-date", "str", required=True),
    Parameter("data", "json"),
    Parameter("rate", "float"),
    Parameter("start", "bool"),
    Parameter("content", "file"),
)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_it_takes_the_parameters_of_the_flow(place: Place) -> None:
    file = place.write(stand_in("Train", PARAMETERS))
    shown = place.run(file, "run", "--help")
    assert shown.status == 0, shown.err
    for option in ("--alpha INTEGER", "--my-date TEXT", "--data JSON", "--rate FLOAT", "--start BOOLEAN"):
        assert option in shown.out
    assert "--content" not in shown.out
    assert "[required]" in next(line for line in shown.out.splitlines() if "--my-date" in line)


def test_a_flow_without_parameters(place: Place) -> None:
    assert place.run(place.write(stand_in("Train", ())), "show").status == 0


@pytest.mark.parametrize(
    ("flow", "name"),
    [
        ("Train(FlowSpec): import os #", "alpha"),
        ("Train", "a', default=__import__('os').getcwd()) #"),
        ("", "a"),
    ],
)
def test_names_that_somebody_put_into_a_machine_are_not_run(flow: str, name: str) -> None:
    with pytest.raises(MetaflowException, match="is none of Metaflow's"):
        stand_in(flow, [Parameter(name, "int")])
