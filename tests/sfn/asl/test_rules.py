"""Rules beyond those that the collection of mistakes in `definitions.py` shows, and what they let pass."""

from __future__ import annotations

from typing import Any

import pytest

from sfn.asl import check
from tests.sfn.asl.definitions import (
    BATCH,
    DISTRIBUTED,
    LAST,
    ONE_JOB,
    READER,
    chooses,
    computed,
    each,
    job,
    leads,
    machine,
    passes,
    scope,
)

WRITER = "arn:aws:states:::s3:putObject"


def found(definition: Any) -> list[tuple[str, str, str]]:
    return [(finding.state, finding.rule, finding.message) for finding in check(definition)]


def only(definition: Any, state: str, rule: str, words: str) -> None:
    """There is one finding, and it says so."""
    [finding] = check(definition)
    assert (finding.state, finding.rule) == (state, rule)
    assert words in finding.message


class TestGraph:
    def test_start_in_another_scope(self) -> None:
        both = {"Type": "Parallel", "Branches": [{"StartAt": "last", "States": {"in": LAST}}], "Next": "last"}
        only(scope(both=both, last=LAST), "both", "start-missing", "'last', which is in another scope")

    def test_no_states(self) -> None:
        only({"StartAt": "a", "States": {}}, "", "no-states", "States is empty")

    def test_end_that_is_not_true(self) -> None:
        assert [rule for _, rule, _ in found(passes(End=False))] == ["next-or-end", "wrong-value"]
        assert [rule for _, rule, _ in found(leads(Next="last", End=False))] == ["wrong-value"]

    def test_a_name_of_80_characters_passes(self) -> None:
        assert found(scope(**{"n" * 80: LAST})) == []

    def test_a_catch_makes_a_state_reached_and_a_loop_end(self) -> None:
        retried = {"Type": "Task", "Resource": BATCH, "Parameters": ONE_JOB, "Next": "work"}
        catch = [{"ErrorEquals": ["States.ALL"], "Next": "last"}]
        assert found(scope(work={**retried, "Catch": catch}, last=LAST)) == []


class TestFields:
    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"TimeoutSeconds": True}, "TimeoutSeconds is True"),
            ({"TimeoutSeconds": "60"}, "a whole number from 1 to 99999999"),
            ({"TimeoutSeconds": None}, "TimeoutSeconds is null"),
            ({"TimeoutSeconds": "{% 60 %}"}, "TimeoutSeconds is '{% 60 %}'"),
            ({"Comment": 1}, "Comment is 1; it has to be text"),
            ({"Retry": [{"ErrorEquals": []}]}, "Retry[0].ErrorEquals is []"),
            ({"Retry": [{"ErrorEquals": ["A"], "JitterStrategy": "SOME"}]}, "FULL or NONE"),
            ({"Retry": [{"ErrorEquals": ["A"], "IntervalSeconds": 0}]}, "Retry[0].IntervalSeconds is 0"),
            ({"Retry": [{"ErrorEquals": ["A"], "MaxDelaySeconds": 40_000_000}]}, "to 31622400"),
        ],
    )
    def test_values(self, fields: dict[str, Any], words: str) -> None:
        only(job(**fields), "train", "wrong-value", words)

    def test_expressions_stand_for_values_in_jsonata(self) -> None:
        task = {"Type": "Task", "Resource": BATCH, "Arguments": "{% $states.input %}", "End": True}
        seconds = {"TimeoutSeconds": "{% $states.input.t %}", "HeartbeatSeconds": "{% $states.input.h %}"}
        assert found(machine("a", jsonata=True, a={**task, **seconds})) == []

    @pytest.mark.parametrize("kind", ["Succeed", "Fail"])
    def test_assign_where_none_is_possible(self, kind: str) -> None:
        only(
            scope(a={"Type": kind, "Assign": {"x": 1}}), "a", "unknown-field", f"a {kind} has no field Assign"
        )

    def test_the_machine_itself_has_no_expressions(self) -> None:
        only({**computed(), "TimeoutSeconds": "{% 60 %}"}, "", "wrong-value", "TimeoutSeconds is '{% 60 %}'")

    def test_unknown_fields_of_parts(self) -> None:
        only(
            job(Retry=[{"ErrorEquals": ["A"], "Attempts": 1}]), "train", "unknown-field", "Retry[0].Attempts"
        )
        only({**passes(), "Timeout": 1}, "", "unknown-field", "did you mean TimeoutSeconds?")

    def test_languages_can_be_mixed_upwards_only(self) -> None:
        assert found(passes(QueryLanguage="JSONata", Output="{% $states.input %}")) == []
        only(computed(QueryLanguage="JSONPath"), "only", "query-language", "can have no such state")
        only(passes(QueryLanguage="XPath"), "only", "wrong-value", "JSONPath or JSONata")

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"Catch": [{"ErrorEquals": ["A"], "Next": "end", "ResultPath": "$.e"}]}, "Catch[0].ResultPath"),
            ({"TimeoutSecondsPath": "$.t"}, "TimeoutSecondsPath"),
        ],
    )
    def test_paths_in_jsonata(self, fields: dict[str, Any], words: str) -> None:
        task = {"Type": "Task", "Resource": BATCH, "Arguments": ONE_JOB, "Next": "end", **fields}
        definition = machine("a", jsonata=True, a=task, end={"Type": "Succeed"})
        only(definition, "a", "jsonpath-field", words)

    def test_result_in_jsonata(self) -> None:
        only(computed(Result=1), "only", "jsonpath-field", "use Output")

    def test_a_wait_needs_a_time(self) -> None:
        only(passes(Type="Wait"), "only", "one-of", "it has none")
        only(passes(Type="Wait", Timestamp="tomorrow"), "only", "wrong-value", "2030-01-31T09:00:00Z")
        assert found(passes(Type="Wait", TimestampPath="$.t")) == []

    def test_result_and_its_path_go_together(self) -> None:
        assert found(passes(Result=1, ResultPath="$.r", OutputPath=None)) == []


class TestChoices:
    def test_a_condition_is_due_in_jsonata(self) -> None:
        definition = {**chooses({"Next": "last"}), "QueryLanguage": "JSONata"}
        only(definition, "route", "choice-rule", "Choices[0].Condition is missing")

    def test_no_rules(self) -> None:
        only(chooses(), "route", "no-choices", "Choices is empty")

    @pytest.mark.parametrize(
        "rule",
        [
            {"Variable": "$.n", "NumericGreaterThanEquals": 1.5},
            {"Variable": "$$.Execution.Name", "StringMatches": "a*"},
            {"Variable": "$v.x", "IsPresent": True},
            {"Variable": "$.a", "TimestampLessThan": "2030-01-01T00:00:00Z"},
            {"Variable": "$.a", "StringEqualsPath": "$.b"},
            {
                "Not": {
                    "And": [{"Variable": "$.a", "BooleanEquals": True}, {"Variable": "$.b", "IsNull": False}]
                }
            },
        ],
    )
    def test_comparisons_pass(self, rule: dict[str, Any]) -> None:
        definition = chooses({**rule, "Next": "last"})
        assert found(definition) == []

    @pytest.mark.parametrize(
        ("rule", "words"),
        [
            ({"Variable": "$.n", "NumericEquals": "1"}, "NumericEquals is '1'; it has to be a number"),
            ({"Variable": "$.n", "NumericEquals": 1, "IsNull": True}, "NumericEquals and IsNull"),
            ({"Variable": "$.[", "IsNull": True}, "Choices[0].Variable: '.[' is no step"),
            ({"IsNull": True}, "Choices[0].Variable is missing"),
            ({"Variable": "$.a", "StringIs": "x"}, "Choices[0].StringIs is no comparison"),
            (
                {"Variable": "$.a", "StringEqualsPath": "b"},
                "Choices[0].StringEqualsPath: a path starts with $",
            ),
            ({"And": []}, "Choices[0].And has to be a list of rules"),
            (
                {"Not": {"Variable": "$.a", "IsNull": True, "Next": "last"}},
                "Next belongs to the outermost rule",
            ),
            ({"Or": [{"Variable": "$.a"}]}, "Choices[0].Or[0] has no comparison"),
        ],
    )
    def test_comparisons_that_are_none(self, rule: dict[str, Any], words: str) -> None:
        only(chooses({**rule, "Next": "last"}), "route", "choice-rule", words)


class TestMaps:
    @pytest.mark.parametrize(
        ("fields", "rule", "words"),
        [
            ({"ItemBatcher": {}}, "missing-field", "ItemBatcher needs MaxItemsPerBatch"),
            ({"ResultWriter": {}}, "missing-field", "ResultWriter needs Resource"),
            ({"Label": "x" * 41}, "wrong-value", "1 to 40 characters"),
            ({"ItemReader": {"Resource": BATCH}}, "resource", "ItemReader.Resource"),
            (
                {"ItemReader": {"Resource": READER, "ReaderConfig": {"InputType": "XML"}}},
                "wrong-value",
                "InputType",
            ),
            ({"ResultWriter": {"Resource": READER}}, "resource", "s3:putObject"),
            ({"Iterator": scope(two=LAST)}, "one-of", "ItemProcessor and Iterator"),
        ],
    )
    def test_distributed(self, fields: dict[str, Any], rule: str, words: str) -> None:
        only(each(DISTRIBUTED, **fields), "each", rule, words)

    def test_distributed_fields_pass(self) -> None:
        fields = {
            "ResultWriter": {"Resource": WRITER, "Parameters": {"Bucket": "b", "Prefix": "p"}},
            "ItemReader": {
                "Resource": READER,
                "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a"]},
                "Parameters": {"Bucket": "b", "Key.$": "$.key"},
            },
            "ItemBatcher": {"MaxItemsPerBatchPath": "$.n", "BatchInput": {"a.$": "$.a"}},
            "ToleratedFailureCountPath": "$.t",
            "Label": "x" * 40,
        }
        assert found(each(DISTRIBUTED, **fields)) == []

    def test_labels_are_unique_in_a_machine(self) -> None:
        inner = each(DISTRIBUTED, Label="lines")
        config = {"ProcessorConfig": DISTRIBUTED}
        outer = {"Type": "Map", "ItemProcessor": {**inner, **config}, "Label": "lines", "End": True}
        only(scope(outer=outer), "each", "duplicate-label", "Label 'lines' is that of 'outer' too")
        assert found(scope(outer={**outer, "Label": "files"})) == []

    def test_an_inline_map_has_no_execution_type(self) -> None:
        only(
            each({"Mode": "INLINE", "ExecutionType": "STANDARD"}), "each", "distributed-only", "ExecutionType"
        )

    def test_the_old_names_pass(self) -> None:
        old = {
            "Type": "Map",
            "Iterator": scope(one=LAST),
            "Parameters": {"a.$": "$$.Map.Item.Value"},
            "End": True,
        }
        assert found(scope(each=old)) == []

    def test_items_from_two_places(self) -> None:
        definition = each(DISTRIBUTED, Items=[1], ItemReader={"Resource": READER, "Arguments": {}})
        only({**definition, "QueryLanguage": "JSONata"}, "each", "one-of", "Items and ItemReader")


class TestErrors:
    @pytest.mark.parametrize(
        ("retry", "rule", "words"),
        [
            ([{"ErrorEquals": ["States.ALL", "A"]}], "states-all", "beside other errors"),
            ([{"ErrorEquals": ["States.Oops"]}], "unknown-error", "'States.Oops'"),
            (
                [{"ErrorEquals": ["A"], "IntervalSeconds": 9, "MaxDelaySeconds": 9}],
                "retry-delay",
                "more than",
            ),
        ],
    )
    def test_retry(self, retry: list[Any], rule: str, words: str) -> None:
        only(job(Retry=retry), "train", rule, words)

    def test_catch(self) -> None:
        catch = [{"ErrorEquals": ["States.ALL"], "Next": "end"}, {"ErrorEquals": ["A"], "Next": "end"}]
        task = {"Type": "Task", "Resource": BATCH, "Parameters": ONE_JOB, "Catch": catch, "Next": "end"}
        only(scope(a=task, end={"Type": "Succeed"}), "a", "states-all", "Catch[0] names States.ALL")


class TestJsonata:
    @pytest.mark.parametrize(
        ("text", "rule", "words"),
        [
            (" {% 1 %}", "expression-ends", "blanks before or after"),
            ("{% 1 %} ", "expression-ends", "Output.a[0]"),
            ("{% 1", "expression-ends", "ends with %}"),
            ("{% %}", "jsonata", "the expression is empty"),
            ("{% $states.result %}", "states-member", "Output and Assign of Task, Parallel and Map only"),
            ("{% $states.errorOutput %}", "states-member", "of Catch only"),
            ("{% $states.inputs %}", "states-member", "$states.inputs; there are input, context"),
            ("{% $.a %}", "no-context", "reads '$' of nothing"),
            ("{% a.b %}", "no-context", "reads 'a' of nothing"),
            ("{% $eval('1') %}", "unassigned-variable", "$eval"),
        ],
    )
    def test_expressions(self, text: str, rule: str, words: str) -> None:
        only(computed(Output={"a": [text]}), "only", rule, words)

    def test_results_and_errors_are_there_where_they_are(self) -> None:
        task: dict[str, Any] = {
            "Type": "Task",
            "Resource": BATCH,
            "Arguments": ONE_JOB,
            "Assign": {"id": "{% $states.result.JobId %}"},
            "Output": "{% $states.result %}",
            "Catch": [
                {"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput.Cause %}", "Next": "end"}
            ],
            "Next": "end",
        }
        definition = machine("a", jsonata=True, a=task, end={"Type": "Succeed"})
        assert found(definition) == []
        task["Arguments"] = {**ONE_JOB, "JobName": "{% $states.result.JobId %}"}
        only(definition, "a", "states-member", "Arguments.JobName reads $states.result")

    def test_text_that_is_not_run(self) -> None:
        assert found(computed(Comment="{% ( %}", Output="100 %")) == []
        only(passes(Result={"a": "{% 1 %}"}), "only", "jsonata-text", "passed as text")

    def test_dollar_keys(self) -> None:
        only(computed(Output={"a.$": "$.x"}), "only", "dollar-key", "Output.a.$: a key ends in .$")


class TestJsonpath:
    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"ResultPath": "$.a[*]"}, "ResultPath: '[*]' is no step of a reference path"),
            ({"ResultPath": "$$.a"}, "ResultPath: a result goes into the state's input"),
            ({"ResultPath": "$v"}, "ResultPath: a result goes into the state's input"),
            ({"OutputPath": 1}, "OutputPath: it is no text"),
            ({"Parameters": {"a": [{"b.$": 1}]}}, "Parameters.a[0].b.$: it is no text"),
        ],
    )
    def test_paths(self, fields: dict[str, Any], words: str) -> None:
        only(passes(**fields), "only", "jsonpath", words)

    def test_paths_pass(self) -> None:
        fields: dict[str, Any] = {"InputPath": "$.a[*].b", "OutputPath": None, "ResultPath": "$.r['x y']"}
        assert found(passes(Parameters={"a.$": "$$.Execution.Name", "b": "US$.50"}, **fields)) == []
        assert (
            found(scope(a={"Type": "Fail", "CausePath": "States.Format('{}', $.x)", "ErrorPath": "$.e"}))
            == []
        )

    def test_a_context_path_as_text(self) -> None:
        definition = passes(Parameters={"a": {"b": "$$.Execution.Name"}})
        only(definition, "only", "dollar-key", "Parameters.a.b is passed as the text")
        assert [finding.severity for finding in check(definition)] == ["warning"]


class TestVariables:
    def test_a_variable_has_its_value_in_the_next_state(self) -> None:
        first = {"Type": "Pass", "Assign": {"x": 1}, "Next": "second"}
        second = {"Type": "Pass", "Output": "{% $x %}", "End": True}
        assert found(machine("first", jsonata=True, first=first, second=second)) == []
        early = machine("first", jsonata=True, first={**first, "Output": "{% $x %}"}, second=second)
        only(early, "first", "unassigned-variable", "Output reads $x")

    def test_in_a_loop_the_last_round_has_assigned(self) -> None:
        more = {"Condition": "{% $states.input.more %}", "Next": "work"}
        definition = machine(
            "work",
            jsonata=True,
            work={"Type": "Pass", "Assign": {"n": "{% $exists($n) ? $n + 1 : 0 %}"}, "Next": "more?"},
            **{"more?": {"Type": "Choice", "Choices": [more], "Default": "end"}, "end": {"Type": "Succeed"}},
        )
        assert found(definition) == []

    def test_rules_and_catches_assign_on_their_own_way_only(self) -> None:
        rule = {"Condition": "{% $states.input.a %}", "Assign": {"x": 1}, "Next": "a"}
        definition = machine(
            "route",
            jsonata=True,
            route={"Type": "Choice", "Choices": [rule], "Default": "b"},
            a={"Type": "Pass", "Output": "{% $x %}", "End": True},
            b={"Type": "Pass", "Output": "{% $x %}", "End": True},
        )
        only(definition, "b", "unassigned-variable", "$x")

    def test_inner_scopes_read_outer_variables(self) -> None:
        assert found(self.outer_and_inner({"Mode": "INLINE"}, reads="x")) == []

    def test_children_of_a_distributed_map_do_not(self) -> None:
        definition = self.outer_and_inner(DISTRIBUTED, reads="x")
        only(definition, "one", "unassigned-variable", "Output reads $x")

    @pytest.mark.parametrize("config", [{"Mode": "INLINE"}, DISTRIBUTED])
    def test_inner_scopes_do_not_assign_outer_names(self, config: dict[str, str]) -> None:
        definition = self.outer_and_inner(config, assigns="x")
        only(definition, "one", "shadowed-variable", "an outer scope assigns 'x' too")

    def test_inner_variables_end_with_their_scope(self) -> None:
        definition = self.outer_and_inner({"Mode": "INLINE"}, assigns="y")
        definition["States"]["each"] |= {"Output": "{% $y %}"}
        only(definition, "each", "unassigned-variable", "Output reads $y")

    def test_names(self) -> None:
        only(computed(Assign={"x.y": 1}), "only", "variable-name", "Assign.x.y")
        only(computed(Assign={"n" * 81: 1}), "only", "variable-name", "at most 80")
        assert found(computed(Assign={"größe_1": 1})) == []

    def test_variables_in_jsonpath(self) -> None:
        first = {"Type": "Pass", "Assign": {"x.$": "$.a"}, "Next": "second"}
        second = {
            "Type": "Pass",
            "Parameters": {"b.$": "States.Format('{}', $x)"},
            "InputPath": "$y",
            "End": True,
        }
        only(scope(first=first, second=second), "second", "unassigned-variable", "InputPath reads $y")

    @staticmethod
    def outer_and_inner(config: dict[str, str], reads: str = "", assigns: str = "") -> dict[str, Any]:
        one: dict[str, Any] = {"Type": "Pass", "End": True}
        one |= {"Output": f"{{% ${reads} %}}"} if reads else {"Assign": {assigns: 1}}
        loop = {"Type": "Map", "ItemProcessor": {**scope(one=one), "ProcessorConfig": config}, "End": True}
        first = {"Type": "Pass", "Assign": {"x": 1}, "Next": "each"}
        return machine("first", jsonata=True, first=first, each=loop)


class TestResources:
    @pytest.mark.parametrize(
        "resource",
        [
            "arn:aws-us-gov:states:::batch:submitJob",
            "arn:aws:states:::states:startExecution.sync:2",
            "arn:aws:states:us-east-1:123456789012:activity:human",
            "arn:aws:lambda:us-east-1:123456789012:function:f:live",
            "arn:aws:states:::aws-sdk:s3:getObject",
            "arn:aws:states:::aws-sdk:sfn:startExecution.waitForTaskToken",
            "arn:aws:states:::http:invoke",
        ],
    )
    def test_resources_pass(self, resource: str) -> None:
        assert found(job(Resource=resource)) == []

    @pytest.mark.parametrize(
        ("resource", "words"),
        [
            ("arn:aws:states:::sns:publish.sync", "sns:publish can end in '' or '.waitForTaskToken'"),
            ("arn:aws:states:::aws-sdk:S3:GetObject", "aws-sdk:<service>:<action>"),
            ("arn:aws:states:::aws-sdk:s3:getObject.sync", "aws-sdk:<service>:<action>"),
            ("arn:aws:states:::dynamodb:scan", "this integration has getItem"),
        ],
    )
    def test_resources_that_do_not_exist(self, resource: str, words: str) -> None:
        only(job(Resource=resource), "train", "resource", words)


class TestSizes:
    def test_overrides_of_a_batch_job(self) -> None:
        def overridden(value: str) -> dict[str, Any]:
            environment = [{"Name": "A", "Value": value}]
            return job(Parameters={**ONE_JOB, "ContainerOverrides": {"Environment": environment}})

        assert found(overridden("x" * 8_000)) == []
        only(overridden("x" * 8_200), "train", "overrides-size", "Parameters.ContainerOverrides has 8,2")

    def test_expressions_do_not_count(self) -> None:
        long = "{% '" + "x" * 9_000 + "' %}"
        arguments = {**ONE_JOB, "ContainerOverrides": {"Command": [long]}}
        task = {"Type": "Task", "Resource": BATCH, "Arguments": arguments, "End": True}
        assert found(machine("a", jsonata=True, a=task)) == []

    def test_payloads(self) -> None:
        only(passes(Result="x" * 262_144), "only", "payload-size", "Result has 262,146 bytes")
