"""Production tokens, as stock Metaflow keeps them: who may deploy, and in which namespace runs are."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.flows import Ended, Place, flow

STORED = ".metaflow/mf.airflow"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.write(flow())
    return place


@pytest.fixture
def other(place: Place) -> Place:
    """Somebody else, with a home of their own, at the same datastore."""
    variables = {"METAFLOW_USER": "other", "METAFLOW_HOME": str(place.folder / "other_home")}
    return replace(place, variables=variables)


def create(place: Place, *options: str, before: tuple[str, ...] = (), quiet: bool = True) -> Ended:
    return place.run(place.folder / "train.py", *before, "airflow", "create", "dag.py", *options, quiet=quiet)


def stored(place: Place, name: str = "TrainFlow") -> tuple[str, str]:
    data = json.loads((place.store / STORED / name).read_text(encoding="utf-8"))
    assert data.keys() == {"owner", "production_token"}
    return data["owner"], data["production_token"]


def deployed(place: Place) -> str:
    """The token in the generated file."""
    found = re.search(r'"production_token": "([^"]*)"', (place.folder / "dag.py").read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


def test_the_first_deployment_makes_a_token_which_the_next_keeps(place: Place) -> None:
    first = create(place, quiet=False)
    owner, token = stored(place)
    assert (owner, deployed(place)) == ("tester", token)
    assert token.startswith("trainflow-0-")
    assert "It seems this is the first time you are deploying TrainFlow to Airflow." in first.said
    assert f"production:{token}" in first.said
    assert f'namespace("production:{token}")' in first.said
    assert f"airflow create --authorize {token}" in first.said
    again = create(place, quiet=False)
    assert (stored(place), deployed(place)) == (("tester", token), token)
    assert not any("first time you are deploying" in line for line in again.said)


def test_somebody_else_needs_the_token_once(place: Place, other: Place) -> None:
    create(place)
    owner, token = stored(place)
    files = place.files()
    for options in ([], ["--authorize", "trainflow-0-wrong"]):
        denied = create(other, *options, quiet=False)
        assert denied.status == 1
        assert "which was deployed by the user tester." in denied.err
        assert denied.said[-2:] == [
            "Incorrect production token:",
            "Try again with the correct production token.",
        ]
        assert "airflow create --authorize MY_TOKEN" in denied.said
        assert token not in denied.err
    assert place.files() == files
    assert create(other, "--authorize", f"production:{token}").status == 0
    assert stored(place) == (owner, token)
    assert create(other).status == 0, "the token is kept in their home"


def test_a_new_token_is_a_new_namespace(place: Place) -> None:
    create(place)
    _, first = stored(place)
    assert create(place, "--generate-new-token").status == 0
    _, second = stored(place)
    assert (first.split("-")[1], second.split("-")[1]) == ("0", "1")
    assert deployed(place) == second
    assert create(place, "--new-token", "production:mine").status == 0
    assert (stored(place), deployed(place)) == (("tester", "mine"), "mine")
    files = place.files()
    refused = create(place, "--generate-new-token")
    assert (refused.status, refused.said[-1]) == (
        1,
        "--generate-new-token option is not supported after using --new-token. "
        "Use --new-token to make a new namespace.",
    )
    assert place.files() == files


def test_projects_have_a_token_a_branch_and_none_of_ones_own(place: Place) -> None:
    place.write(flow(decorators='@project(name="shop")'))
    files = place.files()
    refused = create(place, "--new-token", "mine")
    assert (refused.status, refused.said[-1]) == (
        1,
        "--new-token is not supported for @projects. Use --generate-new-token to create a new token.",
    )
    assert place.files() == files
    names = {("--branch=one",): "shop.test.one.TrainFlow", ("--branch=two",): "shop.test.two.TrainFlow"}
    tokens = set()
    for before, name in names.items():
        assert create(place, before=before).status == 0
        tokens.add(stored(place, name)[1])
    assert len(tokens) == 2
    assert all(token.startswith("mfprj-") for token in tokens)
