"""Machines that Metaflow without this package deployed, and the way back."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from integration.conformance.canonical import canonical
from integration.conformance.commands import CommandFailed
from integration.harness.sfn.engine import Engine
from integration.sfn.flow import Flow, task

pytestmark = pytest.mark.sfn

STOCK = {"METAFLOW_EXTENSIONS_SEARCH_DIRS": "/nonexistent"}
DAILY = "@schedule(daily=True)"
STEPS = """
alpha = Parameter("alpha", type=int, default=2)

@step
def start(self):
    self.namespace = current.namespace
    self.next(self.end)

@step
def end(self):
    self.twice = 2 * self.alpha
"""


def test_what_stock_metaflow_deployed_is_taken_over(engine: Engine, tmp_path: Path) -> None:
    ours = Flow(engine, tmp_path, "Inherited").write(STEPS, decorators=DAILY)
    stock = dataclasses.replace(ours, variables=STOCK)
    stock.create("--new-token=kept")
    rules = engine.client("events")
    assert len(rules.list_rules(NamePrefix=ours.name)["Rules"]) == 1

    ours.create()
    assert "QueryLanguage" in json.loads(ours.definition())
    assert rules.list_rules(NamePrefix=ours.name)["Rules"] == []  # it would start every run once more
    run = ours.succeeded(engine.fire(ours.name))
    assert task(run, "start").artifacts["namespace"] == canonical("production:kept")
    assert task(run, "end").artifacts["twice"] == canonical(4)

    # Stock Metaflow looks for owner and token in a place that a machine of ours does not have.
    with pytest.raises(CommandFailed, match="An existing non-metaflow workflow with the same name"):
        stock.create()
    assert "QueryLanguage" in json.loads(ours.definition())
    ours.command("delete")
    stock.create()
    assert "QueryLanguage" not in json.loads(stock.definition())
