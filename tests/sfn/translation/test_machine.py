"""What state machine becomes of every kind of graph, and that AWS would take it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from metaflow_extensions.orchestrators.core.hand_over import parameters_key, record_key
from metaflow_extensions.orchestrators.core.ids import task_id
from metaflow_provider.plan import FlowPlan, Refusal, Step
from metaflow_provider.plan.model import Child, Limits, Parameter, Schedule
from sfn.asl import Map, Parallel, State, StateMachine, Task, check
from sfn.integrations import problems
from sfn.settings import Settings
from sfn.translation.machine import translate
from sfn.translation.translator import Translator
from tests.core.grammar import FLOWS, Flow
from tests.golden import check_golden
from tests.metaflow_provider.plans import plan, step
from tests.sfn.asl.evaluator import evaluate
from tests.sfn.translation.plans import CODE, RUNTIME, batch_plan, on_batch
from tests.shapes import SHAPES

GOLDEN = Path(__file__).parent / "golden"


def machine(plan: FlowPlan, **wishes: Any) -> StateMachine:
    return translate(Translator(plan, Settings(**wishes))).machine


def without_job_names(text: Any) -> Any:
    """Job definitions' names are digests of what other tests look at."""
    if isinstance(text, dict):
        return {key: without_job_names(value) for key, value in text.items()}
    if isinstance(text, list):
        return [without_job_names(value) for value in text]
    return re.sub(r"^metaflow-[0-9a-f]{32}$", "metaflow-...", text) if isinstance(text, str) else text


@pytest.mark.parametrize("shape", SHAPES)
def test_every_kind_of_graph(request: pytest.FixtureRequest, shape: str) -> None:
    found = machine(batch_plan(*SHAPES[shape]))
    assert check(found, problems) == []
    check_golden(request, GOLDEN / f"{shape}.json", without_job_names(found.to_dict()))


ALPHA = (Parameter("alpha", "float"),)
# What goldens of the kinds of graphs do not show.
VARIANTS: dict[str, tuple[FlowPlan, dict[str, Any]]] = {
    "with_parameters": (batch_plan(*SHAPES["linear"], parameters=ALPHA), {}),
    "with_tags": (batch_plan(*SHAPES["gang"]), {"emit_tags": True, "batch_tags": {"team": "ranking"}}),
    "with_timeout": (batch_plan(*SHAPES["linear"], limits=Limits(workflow_timeout=600)), {}),
    "maps_distributed": (batch_plan(*SHAPES["nested_foreach"]), {"distributed": True}),
    "maps_inline": (batch_plan(*SHAPES["nested_foreach"]), {"distributed": False}),
    "looping_start": (batch_plan(step("start", "start", "end", kind="switch"), step("end")), {}),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_variants(request: pytest.FixtureRequest, variant: str) -> None:
    flow, wishes = VARIANTS[variant]
    found = machine(flow, **wishes)
    assert check(found, problems) == []
    check_golden(request, GOLDEN / f"{variant}.json", without_job_names(found.to_dict()))


@pytest.mark.parametrize("distributed", [None, True, False])
@pytest.mark.parametrize("given_values", [False, True])
def test_nested_foreach_in_every_mode(distributed: bool | None, given_values: bool) -> None:
    parameters = (Parameter("alpha", "float"),) if given_values else ()
    found = machine(batch_plan(*SHAPES["nested_foreach"], parameters=parameters), distributed=distributed)
    assert check(found, problems) == []
    modes = {state.name: state.is_distributed for state in found.walk() if isinstance(state, Map)}
    outer, inner = (True, False) if distributed is None else (distributed, distributed)
    assert modes == {"start.each": outer, "outer.each": inner}


def steps_of(flow: Flow) -> tuple[Step, ...]:
    transitions = {transition.step: transition for transition in flow.transitions}
    return tuple(
        Step(
            name,
            transitions[name].kind,
            children=tuple(Child(child) for child in transitions[name].children),
            gang_split=transitions[name].gang,
        )
        for name in flow.graph.nodes
    )


@settings(max_examples=60, deadline=None)
@given(flow=FLOWS)
def test_any_graph_becomes_a_machine_that_aws_takes(flow: Flow) -> None:
    steps = steps_of(flow)
    found = machine(batch_plan(*steps))
    assert check(found, problems) == []
    jobs = [s for s in found.walk() if isinstance(s, Task) and str(s.resource).endswith("submitJob.sync")]
    assert {state.name for state in jobs} == {each.name for each in steps}


def test_a_loop_that_is_the_first_step() -> None:
    steps = (step("start", "start", "end", kind="switch"), step("end"))
    found = machine(batch_plan(*steps))
    assert check(found, problems) == []
    assert found.start_at == "start.begin"


def test_max_workers_is_shared_by_nested_maps() -> None:
    found = machine(batch_plan(*SHAPES["nested_foreach"], limits=Limits(max_workers=50, workflow_timeout=60)))
    widths = {state.name: state.max_concurrency for state in found.walk() if isinstance(state, Map)}
    assert widths == {"start.each": 7, "outer.each": 7}
    assert found.timeout_seconds == 60


def test_names_that_are_too_long_for_a_state_are_cut_and_stay_apart() -> None:
    long = "s" * 90
    steps = (
        step("start", long + "a", long + "b", kind="split"),
        step(long + "a", "join"),
        step(long + "b", "join"),
        step("join", "end", kind="join"),
        step("end"),
    )
    found = machine(batch_plan(*steps))
    assert check(found, problems) == []
    assert sum(1 for _ in found.walk()) == 6


def test_maps_of_steps_that_begin_alike_have_labels_of_their_own() -> None:
    long = "s" * 40
    steps = (
        step("start", long + "a", kind="foreach"),
        step(long + "a", long + "b", kind="foreach"),
        step(long + "b", "inner", kind="foreach"),
        step("inner", "gather"),
        step("gather", "join", kind="join"),
        step("join", "last", kind="join"),
        step("last", "end", kind="join"),
        step("end"),
    )
    found = machine(batch_plan(*steps), distributed=True)
    assert check(found, problems) == []
    labels = [state.label or "" for state in found.walk() if isinstance(state, Map)]
    assert len(set(labels)) == 3
    assert {len(label) for label in labels} == {5, 40}


def test_items_that_cannot_be_read_are_read_again() -> None:
    found = machine(batch_plan(*SHAPES["foreach"])).find("start.each")
    [rule] = found.to_dict()["Retry"]
    assert (rule["ErrorEquals"], rule["MaxAttempts"]) == (["States.ItemReaderFailed"], 5)


def value(expression: str, **states: Any) -> Any:
    """What a state's expression is, with `input` and `context` as its `$states`."""
    context = {"Execution": {"Name": "7c9e"}, **states.pop("context", {})}
    code = expression.removeprefix("{%").removesuffix("%}")
    return evaluate(code, states={"context": context, **states})


def place_of_item(each: Map, place: Mapping[str, Any], item: int) -> dict[str, Any]:
    states = {"input": place, "context": {"Map": {"Item": {"Value": item}}}}
    return {name: value(text, **states) for name, text in each.to_dict()["ItemSelector"].items()}


def key(state: State, place: Mapping[str, Any]) -> Any:
    return value(state.to_dict()["Arguments"]["Key"], input=place)


def each(found: StateMachine, name: str) -> Map:
    state = found.find(name)
    assert isinstance(state, Map)
    return state


START = {"run": "sfn-7c9e", "task": "t"}


def test_the_machine_reads_the_records_of_nested_tasks_where_tasks_write_them() -> None:
    found = machine(batch_plan(*SHAPES["nested_foreach"]))
    outer = place_of_item(each(found, "start.each"), START, 2)
    assert key(found.find("outer.read"), outer) == "store/" + record_key(
        "Train", "sfn-7c9e", "outer", task_id((2,))
    )
    reader = each(found, "start.each").to_dict()["ItemReader"]["Arguments"]["Key"]
    assert value(reader, input=START) == "store/" + record_key("Train", "sfn-7c9e", "start", task_id(()))


def test_the_machine_reads_the_records_of_iterations_where_tasks_write_them() -> None:
    found = machine(batch_plan(*SHAPES["loop_in_foreach"]))
    place = place_of_item(each(found, "start.each"), START, 2)
    read = found.find("again.read")
    for iteration in range(3):
        expected = record_key("Train", "sfn-7c9e", "again", task_id((2,), iteration))
        assert key(read, place) == f"store/{expected}"
        result = {"Body": '{"next": ["again"]}'}
        place = value(read.to_dict()["Output"], input=place, result=result)


def test_the_machine_puts_parameters_where_tasks_read_them() -> None:
    found = machine(batch_plan(*SHAPES["linear"], parameters=(Parameter("alpha", "float"),)))
    assert key(found.find("parameters.put"), {}) == "store/" + parameters_key("Train", "sfn-7c9e")


def first_job_parameters(found: StateMachine, given: Mapping[str, Any]) -> Any:
    [start] = [state for state in found.states.values() if state.name == "start"]
    pairs = start.to_dict()["Arguments"]["ContainerOverrides"]["Environment"]
    [text] = [pair["Value"] for pair in pairs if pair["Name"] == "METAFLOW_ORCHESTRATORS_PARAMETERS"]
    return value(text, input=given)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"Parameters": '{"alpha": "é"}'}, 'text:{"alpha": "é"}'),
        ({"Parameters": {"alpha": 1}}, 'text:{"alpha":1}'),
        ({}, "text:{}"),
        ({"Parameters": None}, "text:null"),
        ({"Parameters": "x" * 1000}, "text:" + "x" * 1000),
    ],
)
def test_short_parameters_cost_no_state(given: Mapping[str, Any], text: str) -> None:
    found = machine(batch_plan(*SHAPES["linear"], parameters=(Parameter("alpha", "float"),)))
    assert found.start_at == "start"
    assert first_job_parameters(found, given) == text


def test_long_parameters_go_by_the_datastore() -> None:
    found = machine(batch_plan(*SHAPES["linear"], parameters=(Parameter("alpha", "float"),)))
    given = {"Parameters": "x" * 1001}
    with pytest.raises(Exception, match="long parameters"):
        first_job_parameters(found, given)
    [catch] = found.find("start").to_dict()["Catch"]
    [never, *_] = found.find("start").to_dict()["Retry"]
    assert (catch["ErrorEquals"], catch["Next"]) == (["States.QueryEvaluationError"], "parameters.put")
    assert (never["ErrorEquals"], never["MaxAttempts"]) == (["States.QueryEvaluationError"], 0)
    put = found.find("parameters.put").to_dict()
    assert value(put["Arguments"]["Body"], input=value(catch["Output"], input=given)) == given["Parameters"]
    assert put["Next"] == "start"
    assert first_job_parameters(found, put["Output"]) == "given"
    with pytest.raises(Exception, match="failed again"):
        value(put["Arguments"]["Body"], input=put["Output"])


@pytest.mark.parametrize("root", ["s3://bucket", "s3://bucket/", "s3://bucket/a/store"])
def test_keys_are_below_the_datastores_root(root: str) -> None:
    runtime = replace(RUNTIME, datastore_root=root)
    flow = batch_plan(*SHAPES["foreach"], parameters=(Parameter("alpha", "float"),))
    found = machine(replace(flow, runtime=runtime))
    prefix = "a/store/" if root.endswith("store") else ""
    assert key(found.find("parameters.put"), {}) == prefix + parameters_key("Train", "sfn-7c9e")
    reader = each(found, "start.each").to_dict()["ItemReader"]["Arguments"]["Key"]
    assert value(reader, input=START) == prefix + record_key("Train", "sfn-7c9e", "start", "t")


def test_parameters_are_encrypted_as_everything_else_is() -> None:
    flow = batch_plan(*SHAPES["linear"], parameters=(Parameter("alpha", "float"),))
    variables = {"METAFLOW_S3_SERVER_SIDE_ENCRYPTION": "aws:kms"}
    found = machine(replace(flow, runtime=replace(RUNTIME, environment=variables)))
    assert found.find("parameters.put").to_dict()["Arguments"]["ServerSideEncryption"] == "aws:kms"
    assert check(found, problems) == []


def test_emitted_tags_name_the_run() -> None:
    found = machine(batch_plan(*SHAPES["linear"]), emit_tags=True)
    assert check(found, problems) == []
    tags = [state.to_dict()["Arguments"]["Tags"] for state in found.states.values()]
    assert {value(each["metaflow.run_id"], input=START) for each in tags} == {"sfn-7c9e"}
    assert [each["metaflow.step_name"] for each in tags] == list(found.states)


def test_times_that_scheduler_cannot_express_are_refused_offline() -> None:
    flow = batch_plan(*SHAPES["linear"], schedules=(Schedule("0 6 1 * 1"),))
    with pytest.raises(Refusal, match=r"@schedule: cron '0 6 1 \* 1' runs on days of the month 1"):
        machine(flow)
    daily = translate(Translator(replace(flow, schedules=(Schedule("0 6 * * *", "Asia/Tokyo"),)), Settings()))
    assert daily.schedule is not None
    assert daily.schedule["ScheduleExpression"] == "cron(0 6 * * ? *)"
    assert daily.schedule["ScheduleExpressionTimezone"] == "Asia/Tokyo"


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_resources_are_of_the_partition(partition: str) -> None:
    flow = batch_plan(*SHAPES["foreach"], parameters=(Parameter("alpha", "float"),))
    text = machine(flow, partition=partition).to_json()
    assert set(re.findall(r"arn:([\w-]+):states:::", text)) == {partition}


def test_what_a_user_wrote_is_no_expression() -> None:
    queue, tags = "{% $x %}", {"team": "{% $boom() %}"}
    steps = (on_batch(step("start", "end"), queue=queue, aws_batch_tags=tags), on_batch(step("end")))
    found = machine(plan(*steps, runtime=RUNTIME, code=CODE))
    assert check(found, problems) == []
    start = found.states["start"]
    assert isinstance(start, Task)
    for text, value in (
        (start.arguments["JobQueue"], queue),
        (start.arguments["Tags"]["team"], tags["team"]),
    ):
        assert evaluate(text.removeprefix("{%").removesuffix("%}")) == value


def test_a_split_is_a_parallel_state_with_a_branch_each() -> None:
    found = machine(batch_plan(*SHAPES["split"])).find("start.split")
    assert isinstance(found, Parallel)
    assert [branch.start_at for branch in found.branches or ()] == ["a", "b"]


def test_a_state_is_at_most_a_kilobyte() -> None:
    names = [f"step_{number}" for number in range(100)]
    steps = [step(name, *names[place : place + 1]) for place, name in enumerate(names, 1)]
    assert len(machine(batch_plan(*steps)).to_json()) <= 100 * 1024


def test_names_of_jobs_are_what_batch_takes() -> None:
    flow = batch_plan(step("start", "end"), step("end"), flow="_Größe" + "x" * 120)
    name = Translator(flow, Settings()).job_name(flow.steps[0])
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}", name)
    nothing_left = batch_plan(step("öß", "end"), step("end"), flow="Ü")
    assert Translator(nothing_left, Settings()).job_name(nothing_left.steps[0]) == "metaflow"
