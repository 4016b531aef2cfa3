from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from metaflow_provider.plan.model import Parameter
from sfn.comment import comment_of, package_in, parameters_in
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
        {"Comment": '{"metaflow": {"parameters": {"alpha": {"type": "os.getcwd()"}}}}'},
        {"Comment": '{"metaflow": {"parameters": {"alpha": {"type": ["int"]}}}}'},
    ],
)
def test_other_comments_name_none(definition: dict[str, str]) -> None:
    assert parameters_in(json.dumps(definition)) == ()


def test_only_true_is_required() -> None:
    described = {"alpha": {"type": "int", "required": "os.getcwd()"}, "beta": {"type": "int", "required": 1}}
    definition = json.dumps({"Comment": json.dumps({"metaflow": {"parameters": described}})})
    assert len(parameters_in(definition)) == 2
    assert not any(parameter.required for parameter in parameters_in(definition))


@pytest.mark.parametrize(
    ("package", "found"),
    [("a1" * 20, "a1" * 20), ("$(touch x)", ""), ("a1" * 20 + "; ls", ""), (["a1" * 20], ""), (None, "")],
)
def test_the_address_of_a_package_is_one_or_none(package: Any, found: str) -> None:
    comment = json.dumps({"metaflow": {"package": package}})
    assert package_in(json.dumps({"Comment": comment})) == found


@pytest.mark.parametrize("comment", ["", "words", "[]", "{}"])
def test_other_comments_name_no_package(comment: str) -> None:
    assert package_in(json.dumps({"Comment": comment})) == ""
