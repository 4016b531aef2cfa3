"""What pods become of every attribute of @kubernetes, and what all of them share."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from dataclasses import replace
from typing import Any

import pytest

from hera_bridge import SecretKey, Settings, Translator, translate
from metaflow_provider.plan import Refusal, Step
from metaflow_provider.plan.model import Child, Parameter, Retry
from tests.hera_bridge.translation.plans import argo_plan, on_kubernetes
from tests.metaflow_provider.plans import plan, step
from tests.shapes import SHAPES

TOO_LONG = "longer than the specified deadline"


def template(first: Step, settings: Settings | None = None) -> dict[str, Any]:
    """The template of the first step, before anything is shared."""
    flow = plan(first, on_kubernetes(step("end")), **argo_fields())
    found = Translator(flow, settings or Settings()).template(flow.steps[0])
    data: dict[str, Any] = found.model_dump(exclude_none=True, by_alias=True, mode="json")
    return data


def argo_fields() -> dict[str, Any]:
    flow = argo_plan(step("start", "end"), step("end"))
    return {"runtime": flow.runtime, "code": flow.code}


def with_attributes(**attributes: Any) -> dict[str, Any]:
    return template(on_kubernetes(step("start", "end"), **attributes))


def variables(container: dict[str, Any]) -> dict[str, Any]:
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container["env"]}


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"service_account": "robot"}, {"serviceAccountName": "robot"}),
        ({"node_selector": {"pool": "gpu"}}, {"nodeSelector": {"pool": "gpu"}}),
        (
            {"tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}]},
            {"tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}]},
        ),
        (
            {"image_pull_secrets": ["regcred"]},
            {"podSpecPatch": '{"imagePullSecrets": [{"name": "regcred"}]}'},
        ),
        (
            {"use_tmpfs": True, "tmpfs_path": "/fast"},
            {
                "volumes": [
                    {
                        "name": "tmpfs-ephemeral-volume",
                        "emptyDir": {"medium": "Memory", "sizeLimit": "2048Mi"},
                    }
                ]
            },
        ),
        (
            {"shared_memory": 64},
            {"volumes": [{"name": "dhsm", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}}]},
        ),
        (
            {"persistent_volume_claims": {"data": "/mnt/data"}},
            {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]},
        ),
        (
            {"persistent_volume_claims": {"my.claim": "/mnt/data"}},
            {"volumes": [{"name": "claim-10fe4f86e748", "persistentVolumeClaim": {"claimName": "my.claim"}}]},
        ),
    ],
)
def test_attributes_of_the_pod(attributes: dict[str, Any], expected: dict[str, Any]) -> None:
    assert with_attributes(**attributes).items() >= expected.items()


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"image": "registry/image:1"}, {"image": "registry/image:1"}),
        ({"image_pull_policy": "Always"}, {"imagePullPolicy": "Always"}),
        (
            {"cpu": "2.0", "memory": "8192.0", "disk": 512},
            {"resources": {"requests": {"cpu": "2", "memory": "8192M", "ephemeral-storage": "512M"}}},
        ),
        (
            {"cpu": 0.5, "gpu": "1", "gpu_vendor": "AMD"},
            {
                "resources": {
                    "requests": {"cpu": "0.5", "memory": "4096M", "ephemeral-storage": "10240M"},
                    "limits": {"amd.com/gpu": "1"},
                }
            },
        ),
        (
            {"qos": "Guaranteed"},
            {
                "resources": {
                    "requests": {"cpu": "1", "memory": "4096M", "ephemeral-storage": "10240M"},
                    "limits": {"cpu": "1", "memory": "4096M", "ephemeral-storage": "10240M"},
                }
            },
        ),
        (
            {"extended_resources": {"vendor.com/gpu_shared": 2}},
            {
                "resources": {
                    "requests": {
                        "cpu": "1",
                        "memory": "4096M",
                        "ephemeral-storage": "10240M",
                        "vendor.com/gpu_shared": "2",
                    },
                    "limits": {"vendor.com/gpu_shared": "2"},
                }
            },
        ),
        (
            {"secrets": ["one", "two"]},
            {"envFrom": [{"secretRef": {"name": "one"}}, {"secretRef": {"name": "two"}}]},
        ),
        ({"secrets": "one"}, {"envFrom": [{"secretRef": {"name": "one"}}]}),
        ({"port": "8080"}, {"ports": [{"containerPort": 8080}]}),
        (
            {"security_context": {"run_as_user": 1000, "privileged": False}},
            {"securityContext": {"runAsUser": 1000, "privileged": False}},
        ),
        ({"shared_memory": 64}, {"volumeMounts": [{"name": "dhsm", "mountPath": "/dev/shm"}]}),
    ],
)
def test_attributes_of_the_container(attributes: dict[str, Any], expected: dict[str, Any]) -> None:
    assert with_attributes(**attributes)["container"].items() >= expected.items()


def test_labels_and_annotations_are_the_pods() -> None:
    metadata = with_attributes(labels={"team": "a"}, annotations={"note": "b"})["metadata"]
    assert metadata["labels"] == {"team": "a"}
    assert metadata["annotations"] == {
        "note": "b",
        "metaflow/step_name": "start",
        "metaflow/attempt": "{{retries}}",
    }


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"cpu": "0"}, "cpu=0 is not a number above 0"),
        ({"memory": "much"}, "memory=much is not a number above 0"),
        ({"memory": float("nan")}, "memory=nan is not a number above 0"),
        ({"disk": float("inf")}, "disk=inf is not a number above 0"),
        ({"gpu": "two"}, "gpu=two is not a whole number"),
        ({"gpu": 0.5}, "gpu=0.5 is not a whole number"),
        ({"port": "http"}, "port=http is not a whole number"),
        ({"tmpfs_size": -1}, "tmpfs_size=-1 is not a number above 0"),
        ({"qos": "BestEffort"}, "qos=besteffort is not a quality of service"),
        ({"node_selector": {"a": 1}}, "node_selector={'a': 1} is not a mapping of names to texts"),
        ({"extended_resources": "x"}, "extended_resources=x is not a mapping of names"),
        ({"persistent_volume_claims": ["x"]}, "persistent_volume_claims=['x'] is not a mapping of names"),
        ({"tolerations": [{"key": ["a"]}]}, "is not a Toleration of Kubernetes"),
        ({"security_context": {"user": 1}}, "is not a SecurityContext, which has no field user"),
        ({"security_context": "root"}, "is not a mapping of fields of a SecurityContext"),
        ({"namespace": "other"}, "namespace=other, but a run is in one namespace"),
    ],
)
def test_what_kubernetes_would_not_take_is_refused(attributes: dict[str, Any], said: str) -> None:
    with pytest.raises(Refusal) as refusal:
        with_attributes(**attributes)
    assert str(refusal.value).startswith("step start, @kubernetes: ")
    assert said in str(refusal.value)


def test_tags_of_argo_in_a_users_variable_are_refused() -> None:
    first = on_kubernetes(step("start", "end", environment={"TEXT": "{{workflow.name}}"}))
    with pytest.raises(Refusal, match=r"step start, @environment: the value of TEXT has '\{\{' in it"):
        template(first)


def test_a_step_finds_what_never_changes_in_its_environment() -> None:
    first = on_kubernetes(
        step(
            "start", "end", retry=Retry(2, 3, 1), timeout=90, environment={"A": "it's $HOME", "B": "$(A) $$"}
        )
    )
    found = template(first)
    values = variables(found["container"])
    request = json.loads(values["METAFLOW_ORCHESTRATORS_REQUEST"])
    assert (values["A"], values["B"]) == ("it's $HOME", "$$(A) $$$$")
    assert (request["flow_file"], request["timeout"]) == ("train.py", 90)
    assert request["retries"] == {
        "user": 2,
        "error": 3,
        "minutes_between": 1,
        "by_engine": True,
        "losses_are_free": True,
    }
    assert found["activeDeadlineSeconds"] == 690


def test_nothing_in_a_request_is_replaced_by_argo_or_kubernetes() -> None:
    flow = argo_plan(step("start", "end"), step("end"), tags=("{{workflow.name}} $(HOME) $$",))
    found = Translator(flow, Settings()).template(flow.steps[0])
    values = variables(found.model_dump(exclude_none=True, by_alias=True)["container"])
    text = values["METAFLOW_ORCHESTRATORS_REQUEST"]
    assert "{{" not in text
    assert "$" not in text
    assert json.loads(text)["tags"] == ["{{workflow.name}} $(HOME) $$"]


def test_secrets_are_references() -> None:
    settings = Settings(
        secrets=("store",), secret_variables={"METAFLOW_SERVICE_HEADERS": SecretKey("headers", "json")}
    )
    container = template(on_kubernetes(step("start", "end"), secrets="own"), settings)["container"]
    assert [each["secretRef"]["name"] for each in container["envFrom"]] == ["own", "store"]
    reference = {"secretKeyRef": {"name": "headers", "key": "json"}}
    assert variables(container)["METAFLOW_SERVICE_HEADERS"] == reference
    bundle = translate(Translator(argo_plan(step("start", "end"), step("end")), settings))
    assert bundle.secrets == ("headers", "store")


def test_variables_that_are_not_wanted_are_left_out() -> None:
    settings = Settings(skipped_variables=("METAFLOW_CODE_SHA",), variables={"METAFLOW_MORE": "1"})
    values = variables(template(on_kubernetes(step("start", "end")), settings)["container"])
    assert ("METAFLOW_CODE_SHA" in values, values["METAFLOW_MORE"]) == (False, "1")


@pytest.mark.parametrize(
    ("script", "said"), [(None, ["ran"]), ("echo 'first; of all'", ["first; of all", "ran"])]
)
def test_a_platforms_own_script_comes_first(script: str | None, said: list[str]) -> None:
    shell, option, text = with_attributes()["container"]["command"]
    begin, _, _ = text.partition(" && mkdir")
    environment = {"PATH": "/usr/bin:/bin", **({"METAFLOW_INIT_SCRIPT": script} if script else {})}
    done = subprocess.run(
        [shell, option, f"{begin} && echo ran"], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == said
    assert shlex.split(text)


@pytest.mark.parametrize(
    ("retry", "again", "not_again"),
    [
        (
            Retry(),
            [("Error", -1, 0), ("Failed", 143, 3)],
            [("Failed", 1, 0), ("Failed", 137, 0), ("Failed late", -1, 0), ("Failed late", 143, 0)],
        ),
        (
            Retry(user_retries=2),
            [("Failed", 1, 4), ("Failed", 137, 1), ("Failed", 143, 4), ("Failed late", -1, 1)],
            [("Failed", 137, 2), ("Failed", 3, 0), ("Failed late", -1, 2)],
        ),
    ],
)
def test_which_ends_are_tried_again(
    retry: Retry, again: list[tuple[str, int, int]], not_again: list[tuple[str, int, int]]
) -> None:
    strategy = template(on_kubernetes(step("start", "end", retry=retry)))["retryStrategy"]

    def is_tried_again(status: str, exit_code: int, retries: int) -> bool:
        text = strategy["expression"].replace("lastRetry.", "lastRetry_")
        text = text.replace("||", " or ").replace("&&", " and ")
        text = re.sub(r"(lastRetry_message) contains ('[^']*')", r"\2 in \1", text)
        names = {
            "lastRetry_status": status.removesuffix(" late"),
            "lastRetry_exitCode": str(exit_code),
            "lastRetry_message": f"Pod was active on the node {TOO_LONG}" if "late" in status else "",
            "retries": str(retries),
        }
        return bool(eval(text, {"asInt": int}, names))

    assert strategy["limit"] == 5
    assert [is_tried_again(*end) for end in again] == [True] * len(again)
    assert [is_tried_again(*end) for end in not_again] == [False] * len(not_again)


def test_retries_wait_as_long_as_they_say() -> None:
    found = template(on_kubernetes(step("start", "end", retry=Retry(2, 0, 3))))
    assert found["retryStrategy"]["backoff"] == {"duration": "3m"}


def test_values_of_parameters_reach_the_first_pod_as_a_file() -> None:
    flow = argo_plan(
        step("start", "end"),
        step("end"),
        parameters=(
            Parameter("alpha", "float", default=0.5, help="how much"),
            Parameter("data", "json", default={"a": 1}),
            Parameter("name", "str", required=True),
        ),
    )
    flow_template = translate(Translator(flow, Settings())).objects()[0]
    assert flow_template["spec"]["arguments"]["parameters"] == [
        {"name": "alpha", "value": "0.5", "description": "how much"},
        {"name": "data", "value": '"{\\"a\\": 1}"'},
        {"name": "name", "value": "null"},
    ]
    start, end = (each for each in flow_template["spec"]["templates"] if each["name"] in ("start", "end"))
    [file] = start["inputs"]["artifacts"]
    assert file["raw"]["data"].startswith("{{=toBase64(toJSON({'alpha': workflow.parameters['alpha'], ")
    assert f"file:{file['path']}" == variables(start["container"])["METAFLOW_ORCHESTRATORS_PARAMETERS"]
    assert "inputs" not in end


def test_a_loop_runs_in_one_pod_which_tries_again_itself() -> None:
    flow = argo_plan(*(replace(each, retry=Retry(2, 0, 3)) for each in SHAPES["loop"]))
    found = Translator(flow, Settings()).template(flow.step("again"))
    data = found.model_dump(exclude_none=True, by_alias=True, mode="json")
    request = json.loads(variables(data["container"])["METAFLOW_ORCHESTRATORS_REQUEST"])
    assert (request["loop"], request["retries"]["by_engine"]) == (True, False)
    assert "activeDeadlineSeconds" not in data
    assert "backoff" not in data["retryStrategy"]


def test_all_pods_share_what_is_common() -> None:
    spec = translate(Translator(argo_plan(*SHAPES["foreach"]), Settings())).objects()[0]["spec"]
    assert "command" in spec["templateDefaults"]["container"]
    [end] = [each for each in spec["templates"] if each["name"] == "end"]
    assert set(end["container"]) == {"env", "image", "resources"}
    assert set(variables(end["container"])) == {"METAFLOW_STEP_NAME"}


def long_flow(count: int) -> list[Step]:
    names = [f"step_{number}" for number in range(count)]
    return [step(name, *names[place : place + 1]) for place, name in enumerate(names, 1)]


def test_steps_of_large_flows_share_templates_and_an_edited_one_gets_its_own() -> None:
    bundle = translate(Translator(argo_plan(*long_flow(300)), Settings()))
    before = bundle.objects()[0]["spec"]["templates"]
    assert len(before) < 10
    bundle.step("step_7").priority_class_name = "high"
    after = bundle.objects()[0]["spec"]["templates"]
    [own] = [each for each in after if each["name"] == "step-7"]
    assert own["priorityClassName"] == "high"
    assert own["metadata"]["annotations"]["metaflow/step_name"] == "step_7"
    assert variables(own["container"])["METAFLOW_STEP_NAME"] == "step_7"
    assert "inputs" not in own
    assert len(after) == len(before) + 1
    assert sum("priorityClassName" in each for each in after) == 1
    assert bundle.check() == []
    [task] = [
        each
        for template in after
        for each in template.get("dag", {}).get("tasks", [])
        if each["name"] == "step-7"
    ]
    assert (task["template"], "arguments" in task) == ("step-7", False)


def test_shared_templates_have_names_that_no_step_has() -> None:
    *steps, last = long_flow(299)
    steps.append(replace(last, name="pod", environment={"A": "1"}))
    steps[-2] = replace(steps[-2], children=(Child("pod"),))
    names = [
        each["name"]
        for each in translate(Translator(argo_plan(*steps), Settings())).objects()[0]["spec"]["templates"]
    ]
    assert len(names) == len(set(names))
    assert "pod" in names


def test_manifests_stay_small() -> None:
    sizes = {}
    for count in (302, 500):
        manifest = translate(Translator(argo_plan(*long_flow(count)), Settings())).objects()[0]
        sizes[count] = len(json.dumps(manifest, separators=(",", ":")))
    assert sizes[302] < 60_000
    assert sizes[500] < 100_000
