from __future__ import annotations

import json
from dataclasses import replace

import pytest

from metaflow_provider.plan.model import Parameter
from sfn.comment import comment_of, parameters_in
from tests.sfn.account import plan

PARAMETERS = (
    Parameter("alpha", "int", default=3, help="a number"),
    Parameter("my-date", "str", required=True),
)


def test_a_machine_names_its_parameters() -> None:
    definition = json.dumps({"Comment": comment_of(plan(parameters=PARAMETERS))})
    alpha, date = PARAMETERS
    assert parameters_in(definition) == (replace(alpha, default=None, help=""), date)
    assert parameters_in(json.dumps({"Comment": comment_of(plan())})) == ()


def test_it_names_flow_and_version() -> None:
    said = json.loads(comment_of(plan()))["metaflow"]
    assert (said["flow"], said["version"]) == ("Train", "1.0")


@pytest.mark.parametrize(
    "definition",
    [
        {},
        {"Comment": "somebody's own words"},
        {"Comment": "[]"},
        {"Comment": '{"metaflow": 3}'},
        {"Comment": '{"metaflow": {"parameters": ["alpha"]}}'},
        {"Comment": '{"metaflow": {"parameters": {"alpha": "int"}}}'},
        {"Comment": '{"metaflow": {"parameters": {"alpha": {"required": true}}}}'},
    ],
)
def test_other_comments_name_none(definition: dict[str, str]) -> None:
    assert parameters_in(json.dumps(definition)) == ()
