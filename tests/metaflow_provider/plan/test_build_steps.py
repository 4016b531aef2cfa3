"""What the reader takes from the steps of a flow, by Metaflow's own command line."""

from __future__ import annotations

import pytest

from metaflow_provider.plan import FlowPlan
from metaflow_provider.plan.model import Child, Limits, Retry
from tests.flows import Place

STEPS = """
from metaflow import *


class TrainFlow(FlowSpec):
    @retry(times=1, minutes_between_retries=0)
    @step
    def start(self):
        "Where it starts."
        self.items = [1]
        self.next(self.work, foreach="items")

    @retry(times=4)
    @timeout(minutes=2, seconds=1)
    @environment(vars={"NAME": "value", "NUMBER": 3})
    @step
    def work(self):
        self.way = "a"
        self.next({"a": self.one, "b": self.two, "c": self.one}, condition="way")

    @retry(times=3)
    @catch(var="failure")
    @step
    def one(self):
        self.next(self.join)

    @resources(cpu=3, memory=9000)
    @step
    def two(self):
        self.more = 1
        self.next({0: self.one, 1: self.two}, condition="more")

    @step
    def join(self, inputs):
        self.next(self.launch)

    @step
    def launch(self):
        self.next(self.gang, num_parallel=2)

    @parallel
    @step
    def gang(self):
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    TrainFlow()
"""


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> FlowPlan:
    place = Place(tmp_path_factory.mktemp("steps"))
    options = ["--tag=one", "--tag=two", "--namespace=theirs", "--max-workers=7", "--workflow-timeout=90"]
    return place.plan(STEPS, *options, before=("--with=retry:times=2", "--with=card:type=blank"))


def test_where_steps_lead(steps: FlowPlan) -> None:
    assert [(s.name, s.kind) for s in steps.steps] == [
        ("start", "foreach"),
        ("work", "switch"),
        ("two", "switch"),
        ("one", "linear"),
        ("join", "join"),
        ("launch", "foreach"),
        ("gang", "linear"),
        ("gather", "join"),
        ("end", "linear"),
    ]
    assert steps.step("start").children == (Child("work"),)
    assert steps.step("work").children == (Child("one", ("a", "c")), Child("two", ("b",)))
    assert steps.step("two").children == (Child("one", ("0",)), Child("two", ("1",)))
    assert (steps.step("start").foreach, steps.step("work").condition) == ("items", "way")
    assert steps.step("launch").gang_split
    assert not steps.step("start").gang_split
    assert steps.graph["two"].loop
    assert steps.graph["gather"].joins == "launch"


def test_how_often_steps_are_tried(steps: FlowPlan) -> None:
    # Metaflow makes six attempts at most: of the five retries @catch gets what @retry leaves, three at most.
    assert {s.name: s.retry for s in steps.steps} == {
        "start": Retry(1, 0, 0),
        "work": Retry(4, 0, 2),
        "one": Retry(3, 2, 2),
        "two": Retry(2, 0, 2),
        "join": Retry(2, 0, 2),
        "launch": Retry(2, 0, 2),
        "gang": Retry(2, 0, 2),
        "gather": Retry(2, 0, 2),
        "end": Retry(2, 0, 2),
    }


def test_what_steps_ask_for(steps: FlowPlan) -> None:
    work = steps.step("work")
    assert (work.timeout, steps.step("one").timeout) == (121, None)
    assert work.environment == {"NAME": "value", "NUMBER": "3"}
    assert steps.step("start").doc == "Where it starts."
    assert STEPS.splitlines()[steps.step("start").line - 1] == "    def start(self):"
    assert steps.step("two").compute.platform == ""
    assert steps.step("two").compute.resources["memory"] == 9000


def test_decorators_that_are_not_in_the_file_are_named_for_the_task(steps: FlowPlan) -> None:
    assert [spec.split(":")[0] for spec in steps.step("join").decorators] == ["retry", "card"]
    assert [spec.split(":")[0] for spec in steps.step("work").decorators] == ["card"]
    assert "type=blank" in steps.step("work").decorators[0]


def test_what_the_person_who_deploys_says(steps: FlowPlan) -> None:
    assert (steps.tags, steps.namespace) == (("one", "two"), "theirs")
    assert steps.limits == Limits(7, 90)
    assert (steps.name, steps.owner, steps.project) == ("TrainFlow", "tester", None)
    assert steps.production_token.startswith("trainflow-0-")
