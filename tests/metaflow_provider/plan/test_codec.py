from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from metaflow_extensions.orchestrators.core.graph import FOREACH, LINEAR
from metaflow_provider.plan import FlowPlan, PlanError, digest, dumps, loads
from metaflow_provider.plan.model import Limits, Parameter, Retry
from tests.metaflow_provider.plans import CODE, PLANS, every_kind, plan, step

TRAIN = plan(step("start", "end", retry=Retry(2, 3, 1)), step("end"), parameters=(Parameter("a", "int"),))


@settings(max_examples=60, deadline=None)
@given(PLANS)
def test_a_plan_is_read_as_it_was_written(written: FlowPlan) -> None:
    text = dumps(written)
    read = loads(text)
    assert read == written
    assert dumps(read) == text


def test_the_text_is_json_with_a_step_a_line() -> None:
    flow = every_kind()
    text = dumps(flow)
    assert [row["name"] for row in json.loads(text)["steps"]] == [s.name for s in flow.steps]
    lines = text.splitlines()
    assert [line for line in lines if '"name": "gather"' in line] == [
        '  {"children": [{"step": "choose"}], "kind": "join", "name": "gather"},'
    ]


def test_what_is_as_it_always_is_takes_no_room() -> None:
    data = json.loads(dumps(plan()))
    assert "limits" not in data
    assert "tags" not in data
    assert data["schema"] == 1
    assert data["steps"][1] == {"kind": "linear", "name": "end"}


def test_the_order_in_which_dicts_were_filled_does_not_matter() -> None:
    one = plan(step("start", environment={"A": "1", "B": "2"}))
    other = plan(step("start", environment={"B": "2", "A": "1"}))
    assert dumps(one) == dumps(other)


def edited(change: Callable[[dict[str, Any]], object]) -> str:
    data = json.loads(dumps(TRAIN))
    change(data)
    return json.dumps(data)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The plan is not complete JSON"),
        ("[]", "it has no schema number"),
        (edited(lambda d: d.pop("schema")), "it has no schema number"),
        (edited(lambda d: d.update(schema="1")), "it has no schema number"),
        (edited(lambda d: d.update(schema=2)), "schema 2, this version reads up to 1; upgrade metaflow-orch"),
        (edited(lambda d: d.update(schema=0)), "schema 0, which never existed"),
        (edited(lambda d: d.update(colour="red")), "plan has the unknown field 'colour'"),
        (edited(lambda d: d["steps"][1].update(cpu=1)), r"plan.steps\[1\] has the unknown field 'cpu'"),
        (edited(lambda d: d["runtime"].update(x=1)), "plan.runtime has the unknown field 'x'"),
        (edited(lambda d: d.pop("runtime")), "plan lacks the field 'runtime'"),
        (edited(lambda d: d["steps"][0].pop("kind")), r"plan.steps\[0\] lacks the field 'kind'"),
        (edited(lambda d: d.update(tags="a")), "plan.tags should be a list, it is str"),
        (edited(lambda d: d.update(tags=[1])), r"plan.tags\[0\] should be str, it is int"),
        (edited(lambda d: d.update(runtime=[])), "plan.runtime should be an object, it is list"),
        (
            edited(lambda d: d["steps"][0]["retry"].update(user_retries=True)),
            r"plan.steps\[0\].retry.user_retries should be int, it is bool",
        ),
        (
            edited(lambda d: d["steps"][0].update(environment={"A": 1})),
            r"plan.steps\[0\].environment.A should be str, it is int",
        ),
        (edited(lambda d: d["parameters"][0].update(required=0)), "required should be bool, it is int"),
        (edited(lambda d: d.update(steps=[])), "The plan has no steps"),
        (edited(lambda d: d["steps"].append(d["steps"][1])), "The plan has two steps of one name"),
        (edited(lambda d: d["steps"][0].update(kind="fork")), "Step start is of the unknown kind 'fork'"),
        (
            edited(lambda d: d["steps"][0].update(children=[{"step": "gone"}])),
            "The plan's steps do not form a flow: Step start leads to gone, which does not exist",
        ),
    ],
)
def test_a_plan_that_cannot_be_used(text: str, message: str) -> None:
    with pytest.raises(PlanError, match=message) as refused:
        loads(text)
    assert "\n" not in str(refused.value)


def test_a_plan_that_was_cut_off_anywhere() -> None:
    text = dumps(TRAIN).rstrip()
    for length in range(len(text)):
        with pytest.raises(PlanError, match="compile the flow again"):
            loads(text[:length])


def test_the_digest_is_of_what_would_be_deployed() -> None:
    own = digest(TRAIN)
    assert digest(loads(dumps(TRAIN))) == own
    assert digest(replace(TRAIN, code=replace(CODE, url="s3://elsewhere/abc", sha="other"))) == own
    changes: list[dict[str, Any]] = [
        {"code": replace(CODE, digest="e" * 64)},
        {"code": None},
        {"name": "other"},
        {"tags": ("a",)},
        {"limits": Limits(max_workers=2)},
        {"steps": plan(step("start", "end", kind=FOREACH), step("end")).steps},
        {"steps": (step("start", "end", kind=LINEAR), step("end"))},
    ]
    digests = {digest(replace(TRAIN, **change)) for change in changes}
    assert len(digests | {own}) == len(changes) + 1
