"""Definitions that AWS takes, and definitions that it refuses or that fail when they run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

BATCH = "arn:aws:states:::batch:submitJob.sync"
READER = "arn:aws:states:::s3:getObject"
DISTRIBUTED = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
ONE_JOB = {"JobDefinition": "train:1", "JobName": "train", "JobQueue": "jobs"}
LAST = {"Type": "Pass", "End": True}


@dataclass(frozen=True)
class Broken:
    """A definition with a mistake: the state that it is in, the rule that finds it, words of the message."""

    title: str
    definition: Any
    state: str
    rule: str
    words: str


def machine(start: str, /, jsonata: bool = False, **states: Any) -> dict[str, Any]:
    language = {"QueryLanguage": "JSONata"} if jsonata else {}
    return {**language, "StartAt": start, "States": states}


def scope(**states: Any) -> dict[str, Any]:
    return machine(next(iter(states)), **states)


def job(**fields: Any) -> dict[str, Any]:
    return scope(train={"Type": "Task", "Resource": BATCH, "Parameters": ONE_JOB, "End": True, **fields})


def each(config: dict[str, str] | None = None, **fields: Any) -> dict[str, Any]:
    processor = {**scope(one=LAST), "ProcessorConfig": config or {"Mode": "INLINE"}}
    return scope(each={"Type": "Map", "ItemProcessor": processor, "End": True, **fields})


def passes(**fields: Any) -> dict[str, Any]:
    return scope(only={"Type": "Pass", "End": True, **fields})


def computed(**fields: Any) -> dict[str, Any]:
    return {"QueryLanguage": "JSONata", **passes(**fields)}


def leads(**fields: Any) -> dict[str, Any]:
    return scope(first={"Type": "Pass", **fields}, last=LAST)


def chooses(*rules: Any, default: str = "last") -> dict[str, Any]:
    choice = {"Type": "Choice", "Choices": list(rules), "Default": default}
    return scope(route=choice, last=LAST)


VALID: dict[str, Any] = {
    "a Batch job": job(),
    "a retry with every number": job(
        Retry=[
            {
                "ErrorEquals": ["Batch.AWSBatchException"],
                "IntervalSeconds": 2,
                "BackoffRate": 2,
                "MaxDelaySeconds": 60,
                "MaxAttempts": 10,
                "JitterStrategy": "FULL",
            }
        ]
    ),
    "a distributed map over the lines of a file, in groups": each(
        DISTRIBUTED,
        Label="lines",
        ItemReader={
            "Resource": READER,
            "ReaderConfig": {"InputType": "JSONL"},
            "Parameters": {"Bucket": "data", "Key": "lines.jsonl"},
        },
        ItemBatcher={"MaxItemsPerBatch": 2},
        ToleratedFailurePercentage=5,
    ),
    "a loop with a variable and a condition": machine(
        "work",
        jsonata=True,
        work={
            "Type": "Task",
            "Resource": BATCH,
            "Arguments": {**ONE_JOB, "JobName": "{% $states.input.name %}"},
            "Assign": {"job": "{% $states.result.JobId %}"},
            "Output": "{% $states.result.JobId %}",
            "Next": "again?",
        },
        **{
            "again?": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $job = 'x' %}", "Next": "work"}],
                "Default": "done",
            },
            "done": {"Type": "Succeed"},
        },
    ),
}

BROKEN: tuple[Broken, ...] = (
    # Names and transitions
    Broken("StartAt names nothing", machine("gone", only=LAST), "", "start-missing", "StartAt names 'gone'"),
    Broken("Next names nothing", leads(Next="gone"), "first", "target-missing", "Next names 'gone'"),
    Broken("no Next and no End", scope(only={"Type": "Pass"}), "only", "next-or-end", "needs Next, or End"),
    Broken(
        "Next and End", leads(Next="last", End=True), "first", "next-and-end", "both Next ('last') and End"
    ),
    Broken("a type that does not exist", passes(Type="Tusk"), "only", "unknown-type", "Type 'Tusk'"),
    Broken("a misspelt field", passes(Nextt="x"), "only", "unknown-field", "did you mean Next?"),
    Broken("a state that no way leads to", scope(only=LAST, lost=LAST), "lost", "unreachable", "from 'only'"),
    Broken(
        "a way out of a branch",
        scope(
            both={
                "Type": "Parallel",
                "Branches": [scope(left={"Type": "Pass", "Next": "after"})],
                "Next": "after",
            },
            after=LAST,
        ),
        "left",
        "target-missing",
        "'after', which is in another scope",
    ),
    Broken(
        "one name in two branches",
        scope(both={"Type": "Parallel", "Branches": [scope(side=LAST), scope(side=LAST)], "End": True}),
        "side",
        "duplicate-name",
        "unique in the whole machine",
    ),
    Broken(
        "a name of 130 characters", scope(**{"n" * 130: LAST}), "n" * 130, "name-length", "130 characters"
    ),
    Broken("a name of 90 characters", scope(**{"n" * 90: LAST}), "n" * 90, "name-length", "90 characters"),
    Broken(
        "a loop without an end",
        scope(a={"Type": "Pass", "Next": "b"}, b={"Type": "Pass", "Next": "a"}),
        "a",
        "no-terminal",
        "loop that no state ends",
    ),
    Broken(
        "something after Fail",
        scope(stop={"Type": "Fail", "Next": "last"}, last=LAST),
        "stop",
        "unknown-field",
        "a Fail has no field Next",
    ),
    Broken(
        "a key twice",
        '{"StartAt": "a", "States": {"a": {"Type": "Succeed"}, "a": {"Type": "Succeed"}}}',
        "a",
        "duplicate-key",
        "two states 'a'",
    ),
    # Choice
    Broken(
        "a Choice without Choices",
        scope(route={"Type": "Choice", "Default": "last"}, last=LAST),
        "route",
        "missing-field",
        "Choices is missing",
    ),
    Broken(
        "Default names nothing",
        chooses({"Variable": "$.a", "StringEquals": "x", "Next": "last"}, default="gone"),
        "route",
        "target-missing",
        "Default names 'gone'",
    ),
    Broken(
        "a rule that compares nothing",
        chooses({"Variable": "$.a", "Next": "last"}),
        "route",
        "choice-rule",
        "Choices[0] has no comparison",
    ),
    # Map and Parallel
    Broken(
        "a Map without a processor",
        scope(each={"Type": "Map", "End": True}),
        "each",
        "missing-field",
        "ItemProcessor is missing",
    ),
    Broken("negative concurrency", each(MaxConcurrency=-1), "each", "wrong-value", "MaxConcurrency is -1"),
    Broken(
        "a Parallel without branches",
        scope(both={"Type": "Parallel", "Branches": [], "End": True}),
        "both",
        "no-branches",
        "Branches is empty",
    ),
    Broken(
        "an inline Map that reads its items",
        each(ItemReader={"Resource": READER, "Parameters": {"Bucket": "b", "Key": "k"}}),
        "each",
        "distributed-only",
        "ItemReader is for Maps",
    ),
    Broken(
        "children of no execution type",
        each({"Mode": "DISTRIBUTED"}),
        "each",
        "execution-type",
        "ExecutionType (STANDARD or EXPRESS) is missing",
    ),
    Broken(
        "more than all may fail",
        each(DISTRIBUTED, ToleratedFailurePercentage=200),
        "each",
        "wrong-value",
        "ToleratedFailurePercentage is 200",
    ),
    Broken(
        "both names of the item selector",
        each(Parameters={"a": 1}, ItemSelector={"a": 1}),
        "each",
        "one-of",
        "both ItemSelector and Parameters",
    ),
    # Retry, Catch, times
    Broken(
        "a negative number of retries",
        job(Retry=[{"ErrorEquals": ["States.ALL"], "MaxAttempts": -1}]),
        "train",
        "wrong-value",
        "Retry[0].MaxAttempts is -1",
    ),
    Broken(
        "delays that shrink",
        job(Retry=[{"ErrorEquals": ["States.ALL"], "BackoffRate": 0.5}]),
        "train",
        "wrong-value",
        "Retry[0].BackoffRate is 0.5",
    ),
    Broken(
        "a rule behind States.ALL",
        job(Retry=[{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["Other"]}]),
        "train",
        "states-all",
        "Retry[0] names States.ALL, and Retry[1] follows",
    ),
    Broken(
        "a retry of nothing",
        job(Retry=[{"MaxAttempts": 1}]),
        "train",
        "missing-field",
        "Retry[0].ErrorEquals is missing",
    ),
    Broken(
        "Catch leads nowhere",
        job(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "gone"}]),
        "train",
        "target-missing",
        "Catch[0].Next names 'gone'",
    ),
    Broken("a timeout of nothing", job(TimeoutSeconds=0), "train", "wrong-value", "TimeoutSeconds is 0"),
    Broken(
        "two timeouts",
        job(TimeoutSeconds=1, TimeoutSecondsPath="$.t"),
        "train",
        "one-of",
        "both TimeoutSeconds and TimeoutSecondsPath",
    ),
    Broken(
        "a heartbeat slower than the timeout",
        job(TimeoutSeconds=5, HeartbeatSeconds=9),
        "train",
        "heartbeat",
        "HeartbeatSeconds (9) has to be less than TimeoutSeconds (5)",
    ),
    Broken(
        "two times to wait for",
        passes(Type="Wait", Seconds=1, Timestamp="2030-01-01T00:00:00Z"),
        "only",
        "one-of",
        "it has Seconds and Timestamp",
    ),
    # JSONPath
    Broken("a path that breaks off", passes(InputPath="$.["), "only", "jsonpath", "'.[' is no step"),
    Broken(
        "text where a path is due",
        passes(Parameters={"a.$": "abc"}),
        "only",
        "jsonpath",
        "Parameters.a.$: it is neither a path",
    ),
    Broken(
        "a function that is not closed",
        passes(Parameters={"a.$": "States.Format('{}', $.x"}),
        "only",
        "jsonpath",
        "States.Format( is not closed",
    ),
    Broken(
        "a function that does not exist",
        passes(Parameters={"a.$": "States.Nope($.x)"}),
        "only",
        "jsonpath",
        "no intrinsic function States.Nope",
    ),
    Broken(
        "a path that is passed as text",
        passes(Parameters={"a": "$.x"}),
        "only",
        "dollar-key",
        "its key has to end in .$",
    ),
    # Resources and what they are given
    Broken("a resource that is no ARN", job(Resource="hello"), "train", "resource", "'hello' is no ARN"),
    Broken(
        "a service that does not exist",
        job(Resource="arn:aws:states:::batcch:submitJob.sync"),
        "train",
        "resource",
        "the service 'batcch'",
    ),
    Broken(
        "an action that does not exist",
        job(Resource="arn:aws:states:::batch:submitJobb.sync"),
        "train",
        "resource",
        "batch:submitJobb",
    ),
    Broken(
        "an argument left out",
        job(Parameters={"JobDefinition": "train:1", "JobName": "train"}),
        "train",
        "arguments",
        "JobQueue is missing (batch SubmitJob)",
    ),
    Broken(
        "an argument that does not exist",
        job(Parameters={**ONE_JOB, "Jobqueu": 1}),
        "train",
        "arguments",
        "Jobqueu is unknown; did you mean JobQueue?",
    ),
    # JSONata and variables
    Broken(
        "a bracket left open",
        computed(Output="{% $states.input.( %}"),
        "only",
        "jsonata",
        "Output is not JSONata: '(' is not closed",
    ),
    Broken(
        "a JSONPath field in a JSONata state",
        computed(InputPath="$.x"),
        "only",
        "jsonpath-field",
        "InputPath is a field of JSONPath states",
    ),
    Broken(
        "a JSONata field in a JSONPath state",
        job(Arguments={"a": 1}),
        "train",
        "jsonata-field",
        "Arguments is a field of JSONata states",
    ),
    Broken(
        "a variable without a value",
        computed(Output="{% $nope %}"),
        "only",
        "unassigned-variable",
        "Output reads $nope",
    ),
    Broken(
        "Step Functions' own variable assigned",
        computed(Assign={"states": 1}),
        "only",
        "reserved-variable",
        "Assign.states",
    ),
    # Size
    Broken("over one megabyte", passes(Comment="x" * 1_100_000), "only", "definition-size", "1,048,576"),
)
