"""Plans for tests: small ones by hand, and any that the model allows."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from metaflow_extensions.orchestrators.core.graph import FOREACH, JOIN, LINEAR, SPLIT, SWITCH
from metaflow_provider.plan.model import (
    Child,
    CodePackage,
    Compute,
    FlowPlan,
    Limits,
    Parameter,
    Project,
    Retry,
    Runtime,
    Schedule,
    Sensor,
    Step,
    Trigger,
)
from tests.core.grammar import FLOWS, Flow

RUNTIME = Runtime(
    datastore="local",
    datastore_root="/store",
    metadata="local",
    environment_type="local",
    options=("--quiet",),
)
CODE = CodePackage(url="/store/Train/data/ab/abc", sha="abc", digest="d" * 64)


def step(name: str, *children: str, kind: str = LINEAR, **fields: Any) -> Step:
    return Step(name, kind, children=tuple(Child(child) for child in children), **fields)


def plan(*steps: Step, **fields: Any) -> FlowPlan:
    """A plan of these steps, by default `start` and `end`."""
    steps = steps or (step("start", "end"), step("end"))
    known: dict[str, Any] = {
        "name": "train",
        "flow": "Train",
        "file": "train.py",
        "runtime": RUNTIME,
        "code": CODE,
    }
    return FlowPlan(steps=steps, **{**known, **fields})


def chain(length: int) -> FlowPlan:
    """A plan of `length` linear steps."""
    names = [f"step_{number}" for number in range(length)]
    return plan(*(step(name, *names[place : place + 1]) for place, name in enumerate(names, 1)))


def every_kind() -> FlowPlan:
    """A plan with a split, a foreach inside a foreach, a switch, a loop and a gang."""
    return plan(
        step("start", "outer", "aside", kind=SPLIT),
        step("outer", "inner", kind=FOREACH, foreach="items"),
        step("inner", "work", kind=FOREACH, foreach="parts"),
        step("work", "gather"),
        step("gather", "choose", kind=JOIN),
        Step("choose", SWITCH, children=(Child("loop", ("a",)), Child("short", ("b", "c"))), condition="way"),
        Step("loop", SWITCH, children=(Child("loop", ("on",)), Child("merge", ("off",))), condition="more"),
        step("short", "merge"),
        step("merge", "collect"),
        step("collect", "join", kind=JOIN),
        step("aside", "join"),
        step("join", "launch", kind=JOIN),
        step("launch", "gang", kind=FOREACH, gang_split=True),
        step("gang", "end"),
        step("end", kind=JOIN),
    )


TEXTS = st.text(max_size=8)
NAMES = st.lists(TEXTS, max_size=2).map(tuple)
VARIABLES = st.dictionaries(TEXTS, TEXTS, max_size=2)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
ATTRIBUTES = st.dictionaries(TEXTS, VALUES, max_size=2)
SECONDS = st.none() | st.integers(min_value=1, max_value=10**6)
COUNTS = st.integers(min_value=0, max_value=5)


@st.composite
def _steps(draw: st.DrawFn) -> tuple[Step, ...]:
    flow: Flow = draw(FLOWS)
    transitions = {transition.step: transition for transition in flow.transitions}
    # What a step holds beside its transitions says nothing about other steps: one is drawn, for all.
    fields: dict[str, Any] = draw(
        st.fixed_dictionaries(
            {
                "doc": TEXTS,
                "line": COUNTS,
                "retry": st.builds(Retry, COUNTS, COUNTS, COUNTS),
                "timeout": SECONDS,
                "compute": st.builds(Compute, TEXTS, ATTRIBUTES, ATTRIBUTES),
                "environment": VARIABLES,
                "decorators": NAMES,
                "executable": TEXTS,
                "bootstrap": NAMES,
            }
        )
    )
    cases = draw(NAMES)
    return tuple(
        Step(
            name,
            transitions[name].kind,
            children=tuple(Child(child, cases) for child in transitions[name].children),
            gang_split=transitions[name].gang,
            **fields,
        )
        for name in flow.graph.nodes
    )


def _some(element: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(element, max_size=2).map(tuple)


PLANS: st.SearchStrategy[FlowPlan] = st.builds(
    FlowPlan,
    name=TEXTS,
    flow=TEXTS,
    file=TEXTS,
    steps=_steps(),
    runtime=st.builds(Runtime, TEXTS, TEXTS, TEXTS, TEXTS, NAMES, VARIABLES),
    code=st.none() | st.builds(CodePackage, TEXTS, TEXTS, TEXTS, TEXTS, VARIABLES),
    doc=TEXTS,
    owner=TEXTS,
    project=st.none() | st.builds(Project, TEXTS, TEXTS, st.booleans()),
    tags=NAMES,
    namespace=TEXTS,
    production_token=TEXTS,
    parameters=_some(st.builds(Parameter, TEXTS, TEXTS, st.booleans(), VALUES, st.booleans(), TEXTS)),
    configs=NAMES,
    schedules=_some(st.builds(Schedule, TEXTS, TEXTS)),
    triggers=_some(st.builds(Trigger, TEXTS, ATTRIBUTES)),
    sensors=_some(st.builds(Sensor, TEXTS, TEXTS, ATTRIBUTES)),
    limits=st.builds(Limits, COUNTS, SECONDS, st.none() | TEXTS),
    metaflow_version=TEXTS,
    version=TEXTS,
)
