"""Every feature of the language that deployments may use, on the engine."""

from __future__ import annotations

import json

import pytest

from integration.harness.sfn.engine import Engine
from integration.harness.sfn.features import FEATURES, prepare
from integration.harness.sfn.sample import run

pytestmark = pytest.mark.sfn


@pytest.fixture(scope="module")
def prepared(engine: Engine) -> Engine:
    prepare(engine)
    return engine


@pytest.mark.parametrize("name", FEATURES)
def test_the_engine_runs(prepared: Engine, name: str) -> None:
    feature = FEATURES[name]
    ended = run(prepared, feature.definition, feature.input)
    if feature.error is not None:
        assert (ended["status"], ended.get("error")) == ("FAILED", feature.error), ended
        return
    assert ended["status"] == "SUCCEEDED", ended
    output = json.loads(ended["output"])
    if feature.holds is not None:
        assert feature.holds(output), output
    else:
        assert output == feature.output
