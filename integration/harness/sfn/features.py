"""What of Amazon States Language the engine runs: small machines, each with what comes out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from integration.harness.sfn.engine import Engine
from integration.harness.sfn.names import ACCOUNT, BUCKET, EC2_QUEUE, REGION, TABLE, role
from integration.harness.sfn.sample import JSON, TRIVIAL, job_state, machine

OBJECTS = {
    "n.json": b'{"n": 3, "big": [1, 2, 3]}',
    "array.json": b"[10, 20, 30]",
    "deep.json": b'{"a": {"items": [1, 2]}}',
    "rows.jsonl": b'{"i": 1}\n{"i": 2}\n',
    "rows.csv": b"i,v\n0,a\n1,b\n",
    "parts/0.json": b"{}",
    "parts/1.json": b"{}",
}
CHILD = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:child"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:features"


def prepare(engine: Engine) -> None:
    """Make what the machines below use."""
    for key, body in OBJECTS.items():
        engine.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)
    engine.client("dynamodb").put_item(
        TableName=TABLE, Item={"pathspec": {"S": "j1"}, "for_each_cardinality": {"NS": ["0", "1", "2"]}}
    )
    engine.client("sns").create_topic(Name="features")
    engine.client("stepfunctions").create_state_machine(
        name="child",
        definition='{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}',
        roleArn=role("x"),
    )


@dataclass(frozen=True)
class Feature:
    """A machine, its input, and the output it must have, or a test of it, or the error that it fails with."""

    name: str
    definition: JSON
    input: Any = None
    output: Any = None
    holds: Callable[[Any], bool] | None = None
    error: str | None = None


def passing(**fields: Any) -> JSON:
    return {"Type": "Pass", **fields}


def value_of(path: str) -> JSON:
    """A Pass state whose output is `{"v": <what the path gives>}`."""
    return passing(Parameters={"v.$": path})


def call(service_action: str, **parameters: Any) -> JSON:
    return {"Type": "Task", "Resource": f"arn:aws:states:::{service_action}", "Parameters": parameters}


def each(processor: JSON, **fields: Any) -> JSON:
    return {"Type": "Map", "ItemProcessor": processor, **fields}


def distributed(processor: JSON, **fields: Any) -> JSON:
    config = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    return each({**processor, **config}, **fields)


def reading(input_type: str, key: str, **config: Any) -> JSON:
    return {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": input_type, **config},
        "Parameters": {"Bucket": BUCKET, "Key": key},
    }


def jsonata(*states: JSON) -> JSON:
    return machine(*states, QueryLanguage="JSONata")


def choosing(rule: JSON) -> JSON:
    """A Choice whose one rule leads to the output `x`; every other way fails."""
    return {
        "StartAt": "A",
        "States": {
            "A": {"Type": "Choice", "Choices": [{**rule, "Next": "X"}], "Default": "D"},
            "X": passing(Result="x", End=True),
            "D": {"Type": "Fail"},
        },
    }


def failing(error: str) -> JSON:
    return {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": error, "Cause": "because"}}}


ITSELF = machine(passing())
MISSING_OBJECT = call("aws-sdk:s3:getObject", Bucket=BUCKET, Key="nope")
CAUGHT = passing(Result="caught")


def catching(*errors: str, **fields: Any) -> list[JSON]:
    return [{"ErrorEquals": list(errors), "Next": "B", **fields}]


DATA_FLOW = [
    Feature(
        "Result and ResultPath", machine(passing(Result=1, ResultPath="$.r")), {"a": 2}, {"a": 2, "r": 1}
    ),
    Feature(
        "OutputPath with two keys", machine(passing(OutputPath="$.['a','b']")), {"a": 1, "c": 2}, {"a": 1}
    ),
    Feature("a path through a list", machine(value_of("$.[0].x")), [{"x": 5}], {"v": 5}),
    Feature("a quoted key", machine(value_of("$.P.['a.b']")), {"P": {"a.b": 1}}, {"v": 1}),
    Feature(
        "the name of the execution", machine(value_of("$$.Execution.Name")), holds=lambda v: v["v"] != "None"
    ),
    Feature("the time of entry", machine(value_of("$$.State.EnteredTime")), holds=lambda v: "T" in v["v"]),
    Feature(
        "variables in JSONPath",
        machine(passing(Assign={"v.$": "$.a"}), passing(Parameters={"x.$": "$v"})),
        {"a": 9},
        {"x": 9},
    ),
]

FLOW = [
    Feature("Choice", choosing({"Variable": "$.k", "StringEquals": "x"}), {"k": "x"}, "x"),
    Feature(
        "Choice with And, Not, IsPresent",
        choosing(
            {
                "And": [
                    {"Variable": "$.k", "IsPresent": True},
                    {"Not": {"Variable": "$.k", "NumericGreaterThan": 4}},
                ]
            }
        ),
        {"k": 3},
        "x",
    ),
    Feature(
        "a loop",
        {
            "StartAt": "A",
            "States": {
                "A": passing(Parameters={"n.$": "States.MathAdd($.n, 1)"}, Next="C"),
                "C": {
                    "Type": "Choice",
                    "Choices": [{"Variable": "$.n", "NumericLessThan": 3, "Next": "A"}],
                    "Default": "Z",
                },
                "Z": {"Type": "Succeed"},
            },
        },
        {"n": 0},
        {"n": 3},
    ),
    Feature("Wait", machine({"Type": "Wait", "Seconds": 1}), {"a": 1}, {"a": 1}),
    Feature("Fail", failing("E"), error="E"),
    Feature(
        "Parallel",
        machine({"Type": "Parallel", "Branches": [machine(passing(Result=1)), machine(passing(Result=2))]}),
        output=[1, 2],
    ),
    Feature(
        "Parallel with Catch",
        machine(
            {
                "Type": "Parallel",
                "Branches": [failing("E")],
                "Catch": catching("States.ALL", ResultPath="$.err"),
            },
            passing(OutputPath="$.err.Error"),
        ),
        output="E",
    ),
    Feature(
        "Retry, then Catch",
        machine(
            {
                **MISSING_OBJECT,
                "Retry": [
                    {
                        "ErrorEquals": ["States.ALL"],
                        "IntervalSeconds": 1,
                        "MaxAttempts": 1,
                        "JitterStrategy": "FULL",
                        "MaxDelaySeconds": 2,
                    }
                ],
                "Catch": catching("States.ALL"),
            },
            CAUGHT,
        ),
        output="caught",
    ),
    Feature(
        "TimeoutSeconds of a state",
        machine({**job_state("sleep 20"), "TimeoutSeconds": 2}),
        error="States.Timeout",
    ),
]

INTRINSIC_INPUT = {"l": [1, 2, 3], "x": {"a": 1}, "y": {"b": 2}, "n": 7}
INTRINSICS = [
    Feature(
        f"intrinsic {name}",
        machine(passing(Parameters={"v.$": text}, OutputPath="$.v")),
        INTRINSIC_INPUT,
        output,
    )
    for name, text, output in (
        ("Array", "States.Array(1,'a')", [1, "a"]),
        ("ArrayPartition", "States.ArrayPartition(States.Array(1,2,3),2)", [[1, 2], [3]]),
        ("ArrayContains", "States.ArrayContains($.l,2)", True),
        ("ArrayRange", "States.ArrayRange(0,3,1)", [0, 1, 2, 3]),
        ("ArrayGetItem", "States.ArrayGetItem($.l,1)", 2),
        ("ArrayLength", "States.ArrayLength($.l)", 3),
        ("ArrayUnique", "States.ArrayUnique(States.Array(1,1,2))", [1, 2]),
        ("Base64Encode", "States.Base64Encode('a')", "YQ=="),
        ("Base64Decode", "States.Base64Decode('YQ==')", "a"),
        ("Hash", "States.Hash('a','MD5')", "0cc175b9c0f1b6a831c399e269772661"),
        ("JsonMerge", "States.JsonMerge($.x,$.y,false)", {"a": 1, "b": 2}),
        ("StringToJson", "States.StringToJson('{\"a\":1}')", {"a": 1}),
        ("JsonToString", "States.JsonToString($.x)", '{"a":1}'),
        ("MathAdd", "States.MathAdd(1,-2)", -1),
        ("StringSplit", "States.StringSplit('a,b',',')", ["a", "b"]),
        ("Format", "States.Format('{}-{}','a',$.n)", "a-7"),
        ("in an intrinsic", "States.Format('{}', States.ArrayLength(States.StringSplit('a,b',',')))", "2"),
    )
] + [
    Feature(
        "intrinsic UUID",
        machine(passing(Parameters={"v.$": "States.UUID()"}, OutputPath="$.v")),
        holds=lambda value: len(value) == 36,
    )
]

INLINE_MAPS = [
    Feature(
        "Iterator and Parameters",
        machine(
            {
                "Type": "Map",
                "ItemsPath": "$.l",
                "Parameters": {"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value"},
                "Iterator": ITSELF,
            }
        ),
        {"l": ["a", "b"]},
        [{"i": 0, "v": "a"}, {"i": 1, "v": "b"}],
    ),
    Feature(
        "ItemSelector",
        machine(
            each(
                {**ITSELF, "ProcessorConfig": {"Mode": "INLINE"}},
                ItemsPath="$.l",
                ItemSelector={"v.$": "$$.Map.Item.Value"},
            )
        ),
        {"l": [1]},
        [{"v": 1}],
    ),
    Feature(
        "OutputPath of a Map", machine(each(ITSELF, ItemsPath="$.l", OutputPath="$.[0]")), {"l": [4, 5]}, 4
    ),
    Feature(
        "a Map over a range",
        machine(passing(Parameters={"r.$": "States.ArrayRange(0, 2, 1)"}), each(ITSELF, ItemsPath="$.r")),
        output=[0, 1, 2],
    ),
]

FAILS = failing("X")
DISTRIBUTED_MAPS = [
    Feature("ItemsPath", machine(distributed(ITSELF, ItemsPath="$.l")), {"l": [1, 2]}, [1, 2]),
    Feature(
        "children have names of their own",
        machine(distributed(machine(value_of("$$.Execution.Name")), ItemsPath="$.l")),
        {"l": [1, 2]},
        holds=lambda found: found[0]["v"] != found[1]["v"],
    ),
    Feature(
        "a failing item",
        machine(distributed(FAILS, ItemsPath="$.l")),
        {"l": [1]},
        error="States.ExceedToleratedFailureThreshold",
    ),
    Feature(
        "ToleratedFailurePercentage",
        machine(distributed(FAILS, ItemsPath="$.l", ToleratedFailurePercentage=100)),
        {"l": [1]},
        [],
    ),
    Feature(
        "ToleratedFailureCount",
        machine(distributed(FAILS, ItemsPath="$.l", ToleratedFailureCount=1)),
        {"l": [1, 2]},
        error="States.ExceedToleratedFailureThreshold",
    ),
    Feature(
        "ItemReader JSON",
        machine(distributed(ITSELF, ItemReader=reading("JSON", "array.json"))),
        output=[10, 20, 30],
    ),
    Feature(
        "ItemReader MaxItems",
        machine(distributed(ITSELF, ItemReader=reading("JSON", "array.json", MaxItems=1))),
        output=[10],
    ),
    Feature(
        "ItemReader CSV",
        machine(distributed(ITSELF, ItemReader=reading("CSV", "rows.csv", CSVHeaderLocation="FIRST_ROW"))),
        output=[{"i": "0", "v": "a"}, {"i": "1", "v": "b"}],
    ),
    Feature(
        "ItemReader JSONL",
        machine(distributed(ITSELF, ItemReader=reading("JSONL", "rows.jsonl"))),
        output=[{"i": 1}, {"i": 2}],
    ),
    Feature(
        "ItemReader ItemsPointer",
        machine(distributed(ITSELF, ItemReader=reading("JSON", "deep.json", ItemsPointer="/a/items"))),
        output=[1, 2],
    ),
    Feature(
        "ItemReader listObjectsV2",
        machine(
            distributed(
                ITSELF,
                ItemReader={
                    "Resource": "arn:aws:states:::s3:listObjectsV2",
                    "Parameters": {"Bucket": BUCKET, "Prefix": "parts/"},
                },
            )
        ),
        holds=lambda found: [one["Key"] for one in found] == ["parts/0.json", "parts/1.json"],
    ),
    Feature(
        "ItemBatcher",
        machine(distributed(ITSELF, ItemsPath="$.l", ItemBatcher={"MaxItemsPerBatch": 2})),
        {"l": [1, 2, 3]},
        [{"Items": [1, 2]}, {"Items": [3]}],
    ),
    Feature(
        "ItemBatcher with BatchInput",
        machine(
            distributed(
                ITSELF,
                ItemsPath="$.l",
                ItemBatcher={"MaxItemsPerBatch": 3, "BatchInput": {"run.$": "$.run", "kept": 1}},
            )
        ),
        {"l": [1, 2], "run": "r"},
        [{"BatchInput": {"run": "r", "kept": 1}, "Items": [1, 2]}],
    ),
    Feature(
        "ResultWriter",
        machine(
            distributed(
                ITSELF,
                ItemsPath="$.l",
                ResultWriter={
                    "Resource": "arn:aws:states:::s3:putObject",
                    "Parameters": {"Bucket": BUCKET, "Prefix": "results"},
                },
            ),
            {
                **call("aws-sdk:s3:getObject"),
                "Parameters": {
                    "Bucket.$": "$.ResultWriterDetails.Bucket",
                    "Key.$": "$.ResultWriterDetails.Key",
                },
                "ResultSelector": {"manifest.$": "States.StringToJson($.Body)"},
            },
        ),
        {"l": [1]},
        holds=lambda found: len(found["manifest"]["ResultFiles"]["SUCCEEDED"]) == 1,
    ),
    Feature(
        "ResultWriter of Maps in a Map",
        machine(
            distributed(
                machine(
                    distributed(
                        ITSELF,
                        ResultWriter={
                            "Resource": "arn:aws:states:::s3:putObject",
                            "Parameters": {"Bucket": BUCKET, "Prefix": "inner"},
                        },
                    )
                ),
                ItemsPath="$.l",
            )
        ),
        {"l": [[1], [2], [3]]},
        holds=lambda found: len({one["ResultWriterDetails"]["Key"] for one in found}) == 3,
    ),
    Feature(
        "ResultWriter without export",
        machine(
            distributed(
                ITSELF,
                ItemsPath="$.l",
                ResultWriter={"WriterConfig": {"Transformation": "COMPACT", "OutputType": "JSON"}},
            )
        ),
        {"l": [1]},
        [1],
    ),
]

SERVICES = [
    Feature(
        "dynamodb:getItem",
        machine(
            {
                **call(
                    "dynamodb:getItem",
                    TableName=TABLE,
                    Key={"pathspec": {"S.$": "$.J"}},
                    ConsistentRead=True,
                    ProjectionExpression="for_each_cardinality",
                ),
                "OutputPath": "$.Item.for_each_cardinality.NS",
            }
        ),
        {"J": "j1"},
        holds=lambda found: sorted(found) == ["0", "1", "2"],
    ),
    Feature(
        "dynamodb:updateItem",
        machine(
            call(
                "dynamodb:updateItem",
                TableName=TABLE,
                Key={"pathspec": {"S": "u"}},
                UpdateExpression="SET a = :v",
                ExpressionAttributeValues={":v": {"S": "x"}},
                ReturnValues="ALL_NEW",
            )
        ),
        holds=lambda found: found["Attributes"]["a"] == {"S": "x"},
    ),
    Feature(
        "aws-sdk:s3:getObject",
        machine(
            {
                **call("aws-sdk:s3:getObject", Bucket=BUCKET, Key="n.json"),
                "ResultSelector": {"v.$": "States.StringToJson($.Body)"},
                "OutputPath": "$.v.n",
            }
        ),
        output=3,
    ),
    Feature(
        "a missing object",
        machine({**MISSING_OBJECT, "Catch": catching("S3.NoSuchKeyException")}, CAUGHT),
        output="caught",
    ),
    Feature(
        "aws-sdk:ssm:putParameter",
        machine(call("aws-sdk:ssm:putParameter", Name="p", Value="v", Type="String")),
        holds=lambda found: found["Version"] == 1,
    ),
    Feature(
        "aws-sdk:batch:submitJob",
        machine(call("aws-sdk:batch:submitJob", JobDefinition=TRIVIAL, JobName="sdk", JobQueue=EC2_QUEUE)),
        holds=lambda found: "JobId" in found,
    ),
    Feature(
        "sns:publish",
        machine(call("sns:publish", TopicArn=TOPIC, Message="hi")),
        holds=lambda found: "MessageId" in found,
    ),
    Feature(
        "events:putEvents",
        machine(
            call("events:putEvents", Entries=[{"Source": "metaflow", "DetailType": "x", "Detail": {"a": 1}}])
        ),
        holds=lambda found: found["FailedEntryCount"] == 0,
    ),
    Feature(
        "states:startExecution.sync:2",
        machine(
            {
                **call("states:startExecution.sync:2", StateMachineArn=CHILD, Input={"a": 1}),
                "OutputPath": "$.Output",
            }
        ),
        output={"a": 1},
    ),
]

JOBS = [
    Feature(
        "a job",
        machine(job_state("true", Parameters={"a.b": "c"}, Tags={"k": "v"})),
        holds=lambda job: job["Status"] == "SUCCEEDED" and job["Parameters"]["a.b"] == "c" and job["JobId"],
    ),
    Feature("a failing job", machine(job_state("exit 3")), error="States.TaskFailed"),
    Feature(
        "a failing job, caught",
        machine({**job_state("exit 3"), "Catch": catching("States.TaskFailed")}, CAUGHT),
        output="caught",
    ),
    Feature(
        "Batch's own second attempt",
        machine(job_state('[ "$AWS_BATCH_JOB_ATTEMPT" = 2 ]', RetryStrategy={"Attempts": 2})),
        holds=lambda job: len(job["Attempts"]) == 2,
    ),
    Feature(
        "attempts by a path",
        machine(job_state("true", RetryStrategy={"Attempts.$": "$.n"})),
        {"n": 1},
        holds=lambda job: job["Status"] == "SUCCEEDED",
    ),
    Feature(
        "the time limit of an attempt",
        machine(job_state("sleep 30", Timeout={"AttemptDurationSeconds": 1})),
        error="States.TaskFailed",
    ),
    Feature(
        "parameters in a command",
        machine(
            job_state(
                "",
                ContainerOverrides={"Command": ["test", "Ref::a", "=", "b"]},
                Parameters={"a": "b"},
            )
        ),
        holds=lambda job: job["Status"] == "SUCCEEDED",
    ),
]

JSONATA = [
    Feature("Output", jsonata(passing(Output="{% $states.input.a + 1 %}")), {"a": 1}, 2),
    Feature(
        "variables",
        jsonata(passing(Assign={"v": "{% $states.input.a %}"}), passing(Output={"x": "{% $v * 2 %}"})),
        {"a": 4},
        {"x": 8},
    ),
    Feature(
        "strings with quotes and newlines",
        jsonata(passing(Output="{% $states.input.s & '!' %}")),
        {"s": 'q"uo\nte\\'},
        'q"uo\nte\\!',
    ),
    Feature(
        "variables with quotes",
        jsonata(passing(Assign={"v": "{% $states.input.s %}"}), passing(Output="{% $v %}")),
        {"s": '"$HOME`'},
        '"$HOME`',
    ),
    Feature(
        "nothing", jsonata(passing(Output="{% $states.input.none %}")), error="States.QueryEvaluationError"
    ),
    Feature("null", jsonata(passing(Output="{% $states.input.a %}")), {"a": None}, None),
    Feature(
        "Condition",
        {**choosing({"Condition": "{% $states.input.k = 'x' %}"}), "QueryLanguage": "JSONata"}
        | {
            "States": {
                **choosing({"Condition": "{% $states.input.k = 'x' %}"})["States"],
                "X": passing(Output="x", End=True),
            }
        },
        {"k": "x"},
        "x",
    ),
    Feature(
        "Items from a range",
        jsonata(
            each(
                ITSELF,
                Items="{% [0..($states.input.n-1)] %}",
                ItemSelector={"i": "{% $states.context.Map.Item.Value %}"},
            )
        ),
        {"n": 3},
        [{"i": 0}, {"i": 1}, {"i": 2}],
    ),
    Feature(
        "Arguments of a job",
        jsonata(
            {
                "Type": "Task",
                "Resource": "arn:aws:states:::batch:submitJob.sync",
                "Arguments": {
                    "JobDefinition": TRIVIAL,
                    "JobName": "arguments",
                    "JobQueue": EC2_QUEUE,
                    "ContainerOverrides": {
                        "Command": ["bash", "-c", "{% 'test ' & $string($states.input.n) & ' = 3' %}"]
                    },
                },
                "Output": "{% $states.result.JobId %}",
            }
        ),
        {"n": 3},
        holds=lambda job_id: len(job_id) == 36,
    ),
    Feature(
        "$join",
        jsonata(passing(Output="{% $join($states.input.JobId, ',') %}")),
        [{"JobId": "a"}, {"JobId": "b"}],
        "a,b",
    ),
    Feature(
        "$parse, $range, $partition, $hash",
        jsonata(
            passing(
                Output={
                    "a": "{% $parse('{\"x\":1}').x %}",
                    "r": "{% $range(0,2,1) %}",
                    "p": "{% $partition([1,2,3],2) %}",
                    "h": "{% $hash('a','MD5') %}",
                }
            )
        ),
        output={
            "a": 1,
            "r": [0, 1, 2],
            "p": [[1, 2], [3]],
            "h": "0cc175b9c0f1b6a831c399e269772661",
        },
    ),
    Feature(
        "Output of a Map", jsonata(each(ITSELF, Items=[1, 2], Output="{% $states.result[0] %}")), output=1
    ),
    Feature(
        "children do not see the parent's variables",
        jsonata(
            passing(Assign={"v": 1}),
            distributed(machine(passing(Output="{% $v %}")), Items=[1]),
        ),
        error="States.ExceedToleratedFailureThreshold",
    ),
]

FEATURES = {
    f"{group}: {feature.name}": feature
    for group, features in {
        "data": DATA_FLOW,
        "flow": FLOW,
        "intrinsics": INTRINSICS,
        "inline": INLINE_MAPS,
        "distributed": DISTRIBUTED_MAPS,
        "services": SERVICES,
        "jobs": JOBS,
        "JSONata": JSONATA,
    }.items()
    for feature in features
}
