from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from metaflow.exception import MetaflowException

from metaflow_extensions.orchestrators.plugins.common.stand_in import stand_in
from metaflow_provider.plan.model import Parameter
from sfn.comment import parameters_in
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


@pytest.mark.parametrize("field", ["name", "type", "required"])
def test_a_comment_that_somebody_wrote_is_not_run(place: Place, field: str) -> None:
    mark = place.folder / "was_run"
    code = f"__import__('pathlib').Path({str(mark)!r}).touch()"
    code = f"a', default={code}) #" if field == "name" else code
    described: dict[str, Any] = {"type": "int", "required": True}
    name = code if field == "name" else "alpha"
    comment = json.dumps({"metaflow": {"parameters": {name: {**described, field: code}}}})
    try:
        text = stand_in("Train", parameters_in(json.dumps({"Comment": comment})))
    except MetaflowException:
        text = stand_in("Train", ())
    assert place.run(place.write(text), "show").status == 0
    assert not mark.exists()


def test_what_is_required_is_written_as_a_value(place: Place) -> None:
    mark = place.folder / "was_run"
    code: Any = f"__import__('pathlib').Path({str(mark)!r}).touch()"
    place.run(place.write(stand_in("Train", [Parameter("alpha", "int", required=code)])), "show")
    assert not mark.exists()
