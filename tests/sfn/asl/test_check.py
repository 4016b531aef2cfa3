from __future__ import annotations

from typing import Any

import pytest

from sfn.asl import check, parse
from sfn.integrations import problems
from tests.sfn.asl.definitions import BROKEN, VALID, Broken


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.title)
def test_a_mistake_is_found_with_its_state_and_its_rule(broken: Broken) -> None:
    found = check(broken.definition, problems)
    assert [
        f for f in found if (f.state, f.rule) == (broken.state, broken.rule) and broken.words in f.message
    ]
    for finding in found:
        line = str(finding)
        assert "\n" not in line
        assert line.endswith(f"[{finding.rule}]")
        assert repr(finding.state) in line or finding.state == ""


def test_the_collection_of_mistakes_is_whole() -> None:
    assert len(BROKEN) == len({broken.title for broken in BROKEN}) == 49


@pytest.mark.parametrize("title", VALID)
def test_a_valid_definition_has_no_findings(title: str) -> None:
    assert check(VALID[title], problems) == []
    assert check(parse(VALID[title]), problems) == []


def test_without_the_hook_arguments_are_not_looked_at() -> None:
    [left_out] = [broken for broken in BROKEN if broken.title == "an argument left out"]
    assert check(left_out.definition) == []


def test_findings_come_in_the_order_of_the_states() -> None:
    definition: dict[str, Any] = {
        "StartAt": "a",
        "TimeoutSeconds": 0,
        "States": {
            "a": {"Type": "Wait", "Seconds": -1, "Next": "b"},
            "b": {"Type": "Pass", "Next": "gone"},
        },
    }
    assert [(f.state, f.rule) for f in check(definition)] == [
        ("", "wrong-value"),
        ("a", "wrong-value"),
        ("b", "target-missing"),
    ]
