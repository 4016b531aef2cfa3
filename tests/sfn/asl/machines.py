"""Machines in JSONata, with every kind of state, as programs put them together with this library."""

from __future__ import annotations

from sfn.asl import (
    Branch,
    Catch,
    Choice,
    ChoiceRule,
    Expression,
    Fail,
    ItemProcessor,
    ItemReader,
    Map,
    Parallel,
    Pass,
    ProcessorConfig,
    ReaderConfig,
    Retry,
    StateMachine,
    Succeed,
    Task,
    Wait,
    call,
    chain,
    each,
    if_,
    interval,
    literal,
    states,
    this,
    var,
)

BATCH = "arn:aws:states:::batch:submitJob.sync"
GET_OBJECT = "arn:aws:states:::aws-sdk:s3:getObject"


def init() -> Pass:
    given = call("exists", states.input.Parameters)
    return Pass(
        "init",
        assign={
            "run": states.context.Execution.Name,
            "params": if_(given, states.input.Parameters, literal({})),
        },
        output={"task": "-"},
    )


def job(name: str, run: Expression | None = None) -> Task:
    environment = {
        "RUN": var("run") if run is None else run,
        "ATTEMPT": call("string", states.context.State.RetryCount),
    }
    return Task(
        name,
        resource=BATCH,
        arguments={
            "JobName": f"flow-{name}",
            "JobQueue": "jobs",
            "JobDefinition": "flow:1",
            "ContainerOverrides": {
                "Environment": [{"Name": key, "Value": value} for key, value in environment.items()]
            },
            "Timeout": {"AttemptDurationSeconds": 3600},
        },
        retry=(
            Retry(
                error_equals=("Batch.AWSBatchException",),
                interval_seconds=2,
                max_attempts=10,
                backoff_rate=2,
                max_delay_seconds=60,
                jitter_strategy="FULL",
            ),
            Retry(error_equals=("States.TaskFailed",), interval_seconds=120, max_attempts=3, backoff_rate=1),
        ),
        output={"task": f"{name}/t" & call("string", states.context.State.RetryCount)},
    )


def read(name: str) -> Task:
    return Task(
        name,
        resource=GET_OBJECT,
        arguments={"Bucket": "data", "Key": "runs/" & var("run") & "/" & states.input.task & ".json"},
        output=call("merge", [states.input, {"next": call("parse", states.result.Body).next}]),
    )


def split() -> StateMachine:
    both = Parallel(
        "split",
        branches=(Branch.of(job("left")), Branch.of(job("right"))),
        output={"inputs": call("join", each(states.result, this.task), ",")},
    )
    return StateMachine.of(init(), job("start"), both, job("join"), query_language="JSONata")


def inline_foreach() -> StateMachine:
    body = chain(
        Pass(
            "enter",
            assign={"item": states.input.item},
            output=states.input.before,
        ),
        job("body"),
    )
    loop = Map(
        "each",
        items=interval(0, states.input.n - 1),
        item_selector={"item": states.context.Map.Item.Value, "before": states.input},
        max_concurrency=40,
        item_processor=ItemProcessor.of(body, processor_config=ProcessorConfig(mode="INLINE")),
        output={"inputs": call("count", states.result)},
    )
    return StateMachine.of(init(), job("start"), loop, job("join"), query_language="JSONata")


def distributed_foreach() -> StateMachine:
    config = ProcessorConfig(mode="DISTRIBUTED", execution_type="STANDARD")
    body = chain(Pass("enter", assign={"child_run": states.input.run}), job("body", run=var("child_run")))
    loop = Map(
        "each",
        label="each",
        item_reader=ItemReader(
            resource="arn:aws:states:::s3:getObject",
            reader_config=ReaderConfig(input_type="JSON"),
            arguments={"Bucket": "data", "Key": "runs/" & var("run") & ".json"},
        ),
        item_selector={"run": var("run"), "item": states.context.Map.Item.Value},
        item_processor=ItemProcessor.of(body, processor_config=config),
        output={"n": call("count", states.result)},
    )
    return StateMachine.of(init(), job("start"), loop, job("join"), query_language="JSONata")


def loop_with_a_switch() -> StateMachine:
    route = Choice(
        "which?",
        choices=(
            ChoiceRule(condition=states.input.next == "again", next="work", assign={"hops": var("hops") + 1}),
            ChoiceRule(condition=states.input.next == "it's over", next="done"),
        ),
        default="no such way",
    )
    ends = (Succeed("done"), Fail("no such way", error="NoSuchWay", cause="to " & states.input.next))
    work = job("work").replace(
        catch=(Catch(error_equals=("States.ALL",), next="no such way", output={"next": "failure"}),)
    )
    first = Pass("count", assign={"hops": 0})
    way = chain(init(), first, work, Wait("pause", seconds=5), read("look"), route)
    return StateMachine.of(
        way.alongside(*ends), query_language="JSONata", timeout_seconds=86_400, comment="a loop"
    )


MACHINES = {
    function.__name__: function()
    for function in (split, inline_foreach, distributed_foreach, loop_with_a_switch)
}
