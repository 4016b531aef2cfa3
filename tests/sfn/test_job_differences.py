from __future__ import annotations

from dataclasses import replace

from metaflow_provider.deployment import differing_fields
from metaflow_provider.plan.model import CodePackage
from sfn.deployment.job_differences import fields
from sfn.settings import Settings
from sfn.translation.translator import Translator
from tests.metaflow_provider.plans import plan, step
from tests.sfn.translation.plans import CODE, RUNTIME, on_batch


def job_fields(code: CodePackage, **attributes: str) -> dict[str, object]:
    flow = plan(on_batch(step("start", "end"), **attributes), step("end"), runtime=RUNTIME, code=code)
    return fields(Translator(flow, Settings()).job_definition(flow.steps[0]).to_dict())


def test_other_code_is_one_line() -> None:
    before = replace(CODE, url="s3://bucket/aa", sha="a" * 40, commands=("fetch s3://bucket/aa",))
    after = replace(CODE, url="s3://bucket/bb", sha="b" * 40, commands=("fetch s3://bucket/bb",))
    assert differing_fields(job_fields(before), job_fields(after)) == (
        f"~ code package: {'a' * 12} -> {'b' * 12}",
    )


def test_another_image_is_said_too() -> None:
    lines = differing_fields(job_fields(CODE, image="one"), job_fields(CODE, image="two"))
    assert lines == ("~ containerProperties.image: one -> two",)
