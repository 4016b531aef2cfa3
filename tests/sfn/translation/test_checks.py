"""What Batch would refuse is refused while compiling, with the step that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from metaflow_provider.plan import FlowPlan, Refusal, Step
from sfn.asl.render import size
from sfn.settings import Settings
from sfn.translation.jobs import JobDefinition
from sfn.translation.machine import translate
from sfn.translation.translator import Translator
from tests.metaflow_provider.plans import plan, step
from tests.sfn.translation.plans import CODE, RUNTIME, on_batch
from tests.shapes import SHAPES

LARGEST = 24 * 1024


def flow(variables: Mapping[str, str], **attributes: Any) -> FlowPlan:
    first = replace(on_batch(step("start", "end"), **attributes), environment=dict(variables))
    return plan(first, on_batch(step("end")), runtime=RUNTIME, code=CODE)


def refused(flow: FlowPlan, kind: type[Translator] = Translator, **wishes: Any) -> str:
    with pytest.raises(Refusal) as refusal:
        translate(kind(flow, Settings(**wishes)))
    return str(refusal.value)


def test_a_job_definition_is_as_large_as_batch_takes_and_no_larger() -> None:
    empty = flow({"SMALL": "s", "LARGE": ""})
    spare = LARGEST - size(Translator(empty, Settings()).job_definition(empty.steps[0]).to_dict())
    translate(Translator(flow({"SMALL": "s", "LARGE": "x" * spare}), Settings()))
    said = refused(flow({"SMALL": "s", "LARGE": "x" * (spare + 1)}))
    assert said.startswith("step start, @batch: its job definition has 24,577 bytes, Batch takes 24,576; ")
    assert "shorten its largest part, the variable LARGE (" in said


def test_a_gang_is_measured_like_any_other() -> None:
    steps = [on_batch(each) for each in SHAPES["gang"]]
    steps[1] = replace(steps[1], environment={"LARGE": "x" * LARGEST})
    assert "the variable LARGE" in refused(plan(*steps, runtime=RUNTIME, code=CODE))


def test_variables_that_batch_keeps_for_its_own() -> None:
    said = refused(flow({"AWS_BATCH_SIZE": "64"}))
    assert said.startswith("step start, @environment: the variable AWS_BATCH_SIZE begins with AWS_BATCH")
    translate(Translator(flow({"MY_AWS_BATCH": "64"}), Settings()))


def test_tags_of_the_step_and_of_the_deployment_are_fifty_together() -> None:
    own, common = ({f"{kind}{number}": "x" for number in range(25)} for kind in ("own", "common"))
    translate(Translator(flow({}, aws_batch_tags=own), Settings(batch_tags=common)))
    said = refused(flow({}, aws_batch_tags={**own, "one": "more"}), batch_tags=common)
    assert said.startswith("step start, @batch: its jobs have 51 tags, Batch takes 50; remove some")


def test_what_a_translator_adds_is_checked_too() -> None:
    class Tagged(Translator):
        def job_definition(self, step: Step) -> JobDefinition:
            tags = {f"tag{number}": "x" for number in range(51)}
            return JobDefinition({**super().job_definition(step).body, "tags": tags})

    assert "its jobs have 51 tags" in refused(flow({}), Tagged)
