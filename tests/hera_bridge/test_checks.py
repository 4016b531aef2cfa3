"""What checks say of objects: nothing of ours, and of every mistake its place."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings

from hera_bridge import Settings, Translator, translate
from hera_bridge.checks import check
from metaflow_provider.plan.model import Parameter, Schedule
from tests.core.grammar import FLOWS, Flow
from tests.hera_bridge.translation.plans import argo_plan, plan_of
from tests.metaflow_provider.plans import step
from tests.shapes import SHAPES

PLAN = argo_plan(
    *SHAPES["foreach_in_switch"],
    parameters=(Parameter("alpha", "float", default=1.5),),
    schedules=(Schedule("0 3 * * 1", "Europe/Berlin"),),
)
OBJECTS = translate(Translator(PLAN, Settings())).objects()
VERSIONS = ["", "3.6.2", "3.7.14", "4.0.2", "4.1.2"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_is_wrong_with_any_kind_of_graph(shape: str, version: str) -> None:
    bundle = translate(Translator(argo_plan(*SHAPES[shape]), Settings(heartbeat=True)))
    assert bundle.check(version) == []


@settings(max_examples=40, deadline=None)
@given(FLOWS)
def test_nothing_is_wrong_with_any_graph(flow: Flow) -> None:
    assert translate(Translator(plan_of(flow), Settings(jobset=""))).check() == []


Edit = Callable[[dict[str, Any], dict[str, Any]], object]


def template(spec: dict[str, Any], name: str) -> dict[str, Any]:
    [found] = [each for each in spec["templates"] if each["name"] == name]
    assert isinstance(found, dict)
    return found


def task(spec: dict[str, Any], name: str) -> dict[str, Any]:
    [found] = [each for each in template(spec, "Train")["dag"]["tasks"] if each["name"] == name]
    assert isinstance(found, dict)
    return found


MISTAKES: dict[str, tuple[str, Edit]] = {
    "no entrypoint": ("template-missing", lambda flow, cron: flow["spec"].update(entrypoint="Other")),
    "no exit handler": ("template-missing", lambda flow, cron: flow["spec"].update(onExit="other")),
    "no template": ("template-missing", lambda flow, cron: task(flow["spec"], "b").update(template="other")),
    "no task": ("task-missing", lambda flow, cron: task(flow["spec"], "b").update(depends="other.Succeeded")),
    "no output": ("output-missing", lambda flow, cron: template(flow["spec"], "fan").pop("outputs")),
    "no input": ("input-missing", lambda flow, cron: template(flow["spec"], "body").pop("inputs")),
    "no argument": ("argument-missing", lambda flow, cron: task(flow["spec"], "fan--each").pop("arguments")),
    "no parameter": ("parameter-missing", lambda flow, cron: flow["spec"].pop("arguments")),
    "template's name": ("template-name", lambda flow, cron: template(flow["spec"], "b").update(name="a_b")),
    "task's name": ("task-name", lambda flow, cron: task(flow["spec"], "b").update(name="1b")),
    "parameter's name": (
        "parameter-name",
        lambda flow, cron: flow["spec"]["arguments"]["parameters"][0].update(name="al pha"),
    ),
    "two templates": (
        "name-twice",
        lambda flow, cron: flow["spec"]["templates"].append(template(flow["spec"], "b")),
    ),
    "two tasks": ("name-twice", lambda flow, cron: task(flow["spec"], "b").update(name="fan")),
    "two types": ("template-type", lambda flow, cron: template(flow["spec"], "b").update(suspend={})),
    "no type": ("template-type", lambda flow, cron: template(flow["spec"], "b").pop("container")),
    "no tasks": ("no-tasks", lambda flow, cron: template(flow["spec"], "Train")["dag"].update(tasks=[])),
    "limit of a DAG": (
        "field-misplaced",
        lambda flow, cron: template(flow["spec"], "Train").update(activeDeadlineSeconds=1),
    ),
    "depends twice": (
        "depends-twice",
        lambda flow, cron: task(flow["spec"], "b").update(dependencies=["start"]),
    ),
    "continue on": (
        "continue-on",
        lambda flow, cron: task(flow["spec"], "b").update(continueOn={"failed": True}),
    ),
    "object's name": ("object-name", lambda flow, cron: flow["metadata"].update(name="Train")),
    "long name": ("object-name", lambda flow, cron: cron["metadata"].update(name="t" * 53)),
    "label": ("label-value", lambda flow, cron: flow["metadata"]["labels"].update(team="a b")),
    "annotations": (
        "annotations-size",
        lambda flow, cron: flow["metadata"]["annotations"].update(note="n" * 262_144),
    ),
    "variable": (
        "text-size",
        lambda flow, cron: template(flow["spec"], "b")["container"]["env"].append(
            {"name": "A", "value": "a" * 131_073}
        ),
    ),
    "no schedule": ("schedule-missing", lambda flow, cron: cron["spec"].update(schedules=[])),
    "six fields": ("cron", lambda flow, cron: cron["spec"].update(schedules=["0 0 3 * * 1"])),
    "days in words": ("cron", lambda flow, cron: cron["spec"].update(schedules=["0 3 * * SUN"])),
    "zone in cron": ("cron", lambda flow, cron: cron["spec"].update(schedules=["CRON_TZ=UTC 0 3 * * 1"])),
    "removed field": ("field-removed", lambda flow, cron: cron["spec"].update(schedule="0 3 * * 1")),
    "removed mutex": (
        "field-removed",
        lambda flow, cron: flow["spec"].update(synchronization={"mutex": {"name": "m"}}),
    ),
    "time zone": ("timezone", lambda flow, cron: cron["spec"].update(timezone="Europe/Atlantis")),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_found_and_nothing_else(name: str) -> None:
    rule, edit = MISTAKES[name]
    flow, cron = copy.deepcopy(OBJECTS)
    edit(flow, cron)
    found = check([flow, cron], "4.0.2")
    assert rule in {finding.rule for finding in found}
    assert all("\n" not in str(finding) for finding in found)


PODS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "pull policy": ("pull-policy", {}, {"imagePullPolicy": "sometimes"}),
    "port": ("port", {}, {"ports": [{"containerPort": 70_000}]}),
    "privileged": (
        "security-context",
        {},
        {"securityContext": {"privileged": True, "allowPrivilegeEscalation": False}},
    ),
    "capability": (
        "security-context",
        {},
        {"securityContext": {"capabilities": {"add": ["SYS_ADMIN"]}, "allowPrivilegeEscalation": False}},
    ),
    "root": ("security-context", {}, {"securityContext": {"runAsNonRoot": True, "runAsUser": 0}}),
    "secret": ("secret-name", {}, {"envFrom": [{"secretRef": {"name": "Bad Name"}}]}),
    "quantity": ("quantity", {}, {"resources": {"requests": {"cpu": "much"}}}),
    "part of a device": ("quantity", {}, {"resources": {"limits": {"nvidia.com/gpu": "500m"}}}),
    "limit": ("limit", {}, {"resources": {"requests": {"memory": "1Gi"}, "limits": {"memory": "1G"}}}),
    "device without limit": ("limit", {}, {"resources": {"requests": {"x.com/y": "1"}}}),
    "volume's name": ("volume", {"volumes": [{"name": "my.claim"}]}, {}),
    "two volumes": ("volume", {"volumes": [{"name": "a"}, {"name": "a"}]}, {}),
    "no volume": ("mount", {}, {"volumeMounts": [{"name": "a", "mountPath": "/a"}]}),
    "two mounts": (
        "mount",
        {"volumes": [{"name": "a"}]},
        {"volumeMounts": [{"name": "a", "mountPath": "/a"}, {"name": "a", "mountPath": "/a"}]},
    ),
    "label": ("label-value", {"metadata": {"labels": {"team": "a b"}}}, {}),
    "label's name": ("label-key", {"metadata": {"labels": {"a b": "c"}}}, {}),
    "label of a node": ("label-value", {"nodeSelector": {"pool": "a b"}}, {}),
    "annotation": ("label-key", {"metadata": {"annotations": {"a b": "c d"}}}, {}),
    "toleration's effect": ("toleration", {"tolerations": [{"key": "a", "effect": "NoRun"}]}, {}),
    "toleration's value": (
        "toleration",
        {"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]},
        {},
    ),
    "toleration without key": ("toleration", {"tolerations": [{"operator": "Equal"}]}, {}),
    "toleration's time": ("toleration", {"tolerations": [{"key": "a", "tolerationSeconds": 1}]}, {}),
}


@pytest.mark.parametrize("name", PODS)
def test_what_kubernetes_would_refuse_of_a_pod_is_found(name: str) -> None:
    rule, fields, container = PODS[name]
    flow, _ = copy.deepcopy(OBJECTS)
    template(flow["spec"], "b").update(fields)
    template(flow["spec"], "b")["container"].update(container)
    assert {(finding.rule, finding.place) for finding in check([flow])} == {(rule, "template 'b'")}


def test_what_all_pods_have_in_common_is_told_once() -> None:
    flow, _ = copy.deepcopy(OBJECTS)
    flow["spec"]["templateDefaults"]["container"]["envFrom"] = [{"secretRef": {"name": "Bad Name"}}]
    [finding] = check([flow])
    assert re.search(r"'Bad Name' is no name of a Secret \(and in \d+ more templates\)", finding.message)


@pytest.mark.parametrize(
    "fields",
    [
        {"priority": 10**12},
        {"priority": -(10**12)},
        {"parallelism": -1},
        {"activeDeadlineSeconds": -1},
        {"ttlStrategy": {"secondsAfterCompletion": -5}},
    ],
)
def test_numbers_out_of_range_are_found(fields: dict[str, Any]) -> None:
    flow, cron = copy.deepcopy(OBJECTS)
    flow["spec"].update(fields)
    assert [finding.rule for finding in check([flow, cron])] == ["range"]
    cron["spec"]["workflowSpec"].update(fields)
    assert [finding.rule for finding in check([cron])] == ["range"]


def test_nulls_say_nothing() -> None:
    flow, cron = copy.deepcopy(OBJECTS)
    template(flow["spec"], "b").update(inputs=None, tolerations=None, metadata=None)
    flow["metadata"]["labels"] = None
    assert check([flow, cron]) == []


@pytest.mark.parametrize(
    ("version", "rules"),
    [("3.5.1", {"argo-version", "field-new"}), ("3.6.0", {"field-new"}), ("3.7.0", set()), ("4.1.0", set())],
)
def test_rules_are_those_of_the_version(version: str, rules: set[str]) -> None:
    flow, _ = copy.deepcopy(OBJECTS)
    template(flow["spec"], "b")["retryStrategy"]["backoff"] = {"duration": "1m", "cap": "5m"}
    assert {finding.rule for finding in check([flow], version)} == rules


def test_names_of_days_are_read_by_every_version_but_the_first_of_4_0() -> None:
    _, cron = copy.deepcopy(OBJECTS)
    cron["spec"]["schedules"] = ["0 3 * * SUN"]
    assert [bool(check([cron], version)) for version in ("3.7.1", "4.0.5", "4.0.6")] == [False, True, False]


def test_too_many_templates_and_tasks_for_a_cluster() -> None:
    children = [f"step{number}" for number in range(150)]
    steps = (
        step("start", *children, kind="switch"),
        *(step(child, "end") for child in children),
        step("end"),
    )
    objects = translate(Translator(argo_plan(*steps), Settings())).objects()
    [finding] = check(objects, "4.0.2")
    assert str(finding) == (
        "WorkflowTemplate/train, template 'Train': there are 302 tasks, Argo 4 takes 200 [too-many]"
    )
    assert check(objects, "3.7.14") == []


def test_the_largest_templates_of_an_object_that_is_too_large_are_named() -> None:
    flow, _ = copy.deepcopy(OBJECTS)
    for name, length in (("b", 500_000), ("fan", 450_000)):
        template(flow["spec"], name)["container"]["args"] = ["x" * 1000] * (length // 1000)
    [finding] = check([flow])
    assert finding.severity == "error"
    assert "; the largest templates: b (50" in finding.message
    assert ", fan (45" in finding.message


def test_what_is_no_version_is_refused() -> None:
    with pytest.raises(ValueError, match="'latest' is no version of Argo Workflows"):
        check(OBJECTS, "latest")
