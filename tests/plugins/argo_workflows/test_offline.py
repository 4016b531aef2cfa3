"""What `create` prints and writes, and what `check` says, without any cluster."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from hera_bridge import Settings, compile_flow
from integration.harness.process import free_port
from integration.harness.s3 import MotoS3
from tests.flows import Place, flow
from tests.plugins.argo_workflows.commands import command, container, done, refused, template, without

BATCH = "@batch(cpu=2, memory=8000, image='python:3.12', queue='fast')"
NEEDS_HEADERS = {
    "METAFLOW_DEFAULT_METADATA": "service",
    "METAFLOW_SERVICE_URL": "http://127.0.0.1:1",
    "METAFLOW_SERVICE_HEADERS": '{"x-api-key": "hunter2"}',
}


def objects(store: MotoS3) -> list[str]:
    return sorted(
        item["Key"] for item in store.client().list_objects_v2(Bucket=store.bucket).get("Contents", [])
    )


def variables(found: dict[str, Any]) -> dict[str, Any]:
    return {each["name"]: each for each in found["spec"]["templateDefaults"]["container"]["env"]}


def test_only_json_is_one_template_and_the_same_each_time(store: MotoS3, place: Place) -> None:
    place.write(flow("My_Train", doc="Trains.", decorators="@schedule(daily=True)"))
    before = objects(store)
    first = done(place, "create", "--only-json", "--max-workers", "7", "--workflow-timeout", "60")
    again = done(place, "create", "--only-json", "--max-workers", "7", "--workflow-timeout", "60")
    assert first.out == again.out
    assert first.out.startswith("{")
    found = json.loads(first.out)
    assert (found["kind"], found["metadata"]["name"]) == ("WorkflowTemplate", "mytrain")
    assert found["metadata"]["annotations"]["metaflow/flow_name"] == "My_Train"
    assert found["metadata"]["annotations"]["workflows.argoproj.io/description"] == "Trains."
    assert (found["spec"]["parallelism"], found["spec"]["activeDeadlineSeconds"]) == (7, 60)
    assert container(found, "start")["resources"]["requests"]["cpu"] == "1"
    assert "Nothing was uploaded or deployed." in first.said
    assert objects(store) == before


def test_one_way_of_output(place: Place) -> None:
    place.write(flow())
    ways = "--only-json", "--only-yaml", "--output-dir=out"
    assert refused(place, "create", *ways) == (
        "--only-json and --only-yaml and --output-dir exclude each other; give one of them"
    )
    assert refused(place, "create", "--only-yaml", "--no-upload").startswith("--no-upload goes with")


def test_tokens_offline(place: Place) -> None:
    place.write(flow())

    def token(*options: str) -> str:
        return str(template(place, *options)["metadata"]["annotations"]["metaflow/production_token"])

    assert token().startswith("trainflow-0-")
    assert token("--new-token", "production:mine") == "mine"
    assert token("--generate-new-token") == token()
    assert not (place.folder / "home").exists()


def test_options_reach_the_template(place: Place) -> None:
    place.write(flow(decorators='@project(name="demo")'))
    found = template(
        place,
        *("--tag", "a:b", "--workflow-priority", "3", "--workflow-title", "Our *flow*"),
        *("--keep-seconds", "60", "--pod-gc", "OnPodSuccess"),
        before=("--branch", "exp"),
    )
    said = found["metadata"]["annotations"]
    assert found["metadata"]["name"] == "demo.test.exp.trainflow"
    assert (said["metaflow/project_name"], said["metaflow/branch_name"]) == ("demo", "test.exp")
    assert (json.loads(said["metaflow/tags"]), said["workflows.argoproj.io/title"]) == (["a:b"], "Our *flow*")
    assert (found["spec"]["priority"], found["spec"]["ttlStrategy"]) == (3, {"secondsAfterCompletion": 60})
    assert found["spec"]["podGC"]["strategy"] == "OnPodSuccess"


def test_settings_reach_the_template(place: Place) -> None:
    place.write(flow())
    settings = {
        "METAFLOW_KUBERNETES_NAMESPACE": "jobs",
        "METAFLOW_KUBERNETES_SECRETS": "one",
        "METAFLOW_ARGO_WORKFLOWS_KUBERNETES_SECRETS": "two, three",
        "METAFLOW_ARGO_WORKFLOWS_ENV_VARS_TO_SKIP": "METAFLOW_CARD_S3ROOT",
        "METAFLOW_KUBERNETES_SERVICE_ACCOUNT": "runner",
        "METAFLOW_ARGO_EVENTS_WEBHOOK_URL": "http://outside",
        "METAFLOW_ARGO_EVENTS_INTERNAL_WEBHOOK_URL": "http://inside",
    }
    found = template(without(place, **settings))
    known = variables(found)
    assert found["metadata"]["namespace"] == "jobs"
    references = found["spec"]["templateDefaults"]["container"]["envFrom"]
    assert [each["secretRef"]["name"] for each in references] == ["one", "two", "three"]
    assert "METAFLOW_CARD_S3ROOT" not in known
    assert known["METAFLOW_ARGO_EVENTS_WEBHOOK_URL"]["value"] == "http://inside"
    accounts = {each.get("serviceAccountName") for each in found["spec"]["templates"] if "container" in each}
    assert accounts == {"runner"}


def test_headers_of_the_service_are_in_no_object(place: Place) -> None:
    place.write(flow())
    there = without(place, **NEEDS_HEADERS)
    found = template(there)
    assert "hunter2" not in json.dumps(found)
    reference = {"name": "trainflow-secrets", "key": "service-headers"}
    assert variables(found)["METAFLOW_SERVICE_HEADERS"]["valueFrom"]["secretKeyRef"] == reference
    ended = done(there, "create", "--output-dir", "out", "--no-upload")
    written = "".join(Path(place.folder, file).read_text() for file in ended.out.split())
    assert "hunter2" not in written + ended.err
    assert "The Secret trainflow-secrets with the keys service-headers is not written" in ended.err
    elsewhere = without(there, METAFLOW_ARGO_SERVICE_HEADERS_SECRET="team/headers")
    reference = {"name": "team", "key": "headers"}
    found = template(elsewhere)
    assert variables(found)["METAFLOW_SERVICE_HEADERS"]["valueFrom"]["secretKeyRef"] == reference
    wrong = without(there, METAFLOW_ARGO_SERVICE_HEADERS_SECRET="team")
    assert refused(wrong, "check") == (
        "METAFLOW_ARGO_SERVICE_HEADERS_SECRET names no key of a Kubernetes Secret; write it as NAME/KEY"
    )


def test_secrets_of_notifications_are_in_no_object(place: Place) -> None:
    place.write(flow())
    options = [
        *("--notify-on-error", "--notify-slack-webhook-url", "https://hooks.example.com/hunter2"),
        *("--notify-pager-duty-integration-key", "secret:team/pager"),
        *("--notify-incident-io-api-key", "hunter3", "--incident-io-alert-source-config-id", "01GW"),
        *("--incident-io-metadata", "team=ranking=1"),
    ]
    text = json.dumps(template(place, *options))
    assert "hunter" not in text
    for name, key in (
        ("trainflow-secrets", "slack-webhook-url"),
        ("team", "pager"),
        ("trainflow-secrets", "incident-io-api-key"),
    ):
        assert f'"secretKeyRef": {{"key": "{key}", "name": "{name}"}}' in text
    assert "ranking=1" in text
    ended = done(place, "create", "--output-dir", "out", "--no-upload", *options)
    out = place.folder / "out"
    assert "hunter" not in "".join(path.read_text() for path in out.iterdir()) + ended.err
    settings = Settings.from_json((out / "settings.json").read_text())
    assert [each.name for each in settings.notifications] == ["slack", "pager-duty", "incident-io"]
    again = compile_flow((out / "plan.json").read_text(), settings).objects()[0]
    assert again == template(place, *options)
    for given, said in (
        (
            "secret:hunter2",
            "--notify-slack-webhook-url names no key of a Kubernetes Secret; write it as secret:NAME/KEY",
        ),
        ("hunter2", "--notify-slack-webhook-url is no address"),
    ):
        reason = refused(place, "check", "--notify-on-error", "--notify-slack-webhook-url", given)
        assert reason.startswith(said)
        assert "hunter2" not in reason


def test_what_batch_says_carries_over(place: Place) -> None:
    place.write(flow(start=BATCH))
    ended = done(place, "create", "--only-json")
    start = container(json.loads(ended.out), "start")
    assert start["image"] == "python:3.12"
    requests = start["resources"]["requests"]
    assert (requests["cpu"], requests["memory"]) == ("2", "8000M")
    assert "Step start: of @batch, this has no counterpart on Kubernetes: queue=fast" in ended.said


def test_objects_in_a_folder(store: MotoS3, place: Place) -> None:
    place.write(flow(decorators="@schedule(cron='0 6 ? * 2-6 *', timezone='Europe/Berlin')"))
    before = objects(store)
    ended = done(place, "create", "--output-dir", "out", "--no-upload")
    names = [
        "workflowtemplate-trainflow.yaml",
        "cronworkflow-trainflow.yaml",
        "kustomization.yaml",
        "plan.json",
        "settings.json",
    ]
    assert ended.out.split() == [f"out/{name}" for name in names]
    cron = (place.folder / "out" / names[1]).read_text()
    assert re.search(r"timezone: \"?Europe/Berlin", cron)
    assert "0 6 * * 1-5" in cron
    assert "was not uploaded (--no-upload was given)" in ended.err
    assert objects(store) == before
    done(place, "create", "--output-dir", "out")
    assert len(objects(store)) == len(before) + 1
    plan, settings = ((place.folder / "out" / name).read_text() for name in names[3:])
    again = compile_flow(plan, Settings.from_json(settings)).write(place.folder / "again")
    assert [file.read_text() for file in again] == [
        (place.folder / "out" / file.name).read_text() for file in again
    ]


def test_a_folder_that_holds_something_else(place: Place) -> None:
    place.write(flow())
    plan = place.folder / "out" / "plan.json"
    plan.parent.mkdir()
    plan.write_text('{"of": "mine"}')
    wish = ["create", "--output-dir", "out", "--no-upload"]
    assert refused(place, *wish).startswith("out/plan.json is there already, and was not written by")
    assert [path.name for path in plan.parent.iterdir()] == ["plan.json"]
    plan.unlink()
    plan.mkdir()
    assert refused(place, *wish).startswith("out/plan.json cannot be written: Is a directory")


def test_a_script_of_the_platform_reaches_pods_as_it_is(place: Place) -> None:
    place.write(flow())
    there = without(place, METAFLOW_KUBERNETES_SANDBOX_INIT_SCRIPT="echo $$ $(HOME)")
    assert variables(template(there))["METAFLOW_INIT_SCRIPT"]["value"] == "echo $$$$ $$(HOME)"
    wrong = without(place, METAFLOW_KUBERNETES_SANDBOX_INIT_SCRIPT="echo {{workflow.name}}")
    assert refused(wrong, "check").startswith("the setting METAFLOW_INIT_SCRIPT has '{{' in it")


@pytest.mark.parametrize("root", ["/tmp/x", "s3://"])
def test_a_store_that_has_no_address(place: Place, root: str) -> None:
    place.write(flow())
    reason = refused(without(place, METAFLOW_DATASTORE_SYSROOT_S3=root), "check")
    assert reason.startswith(f"the datastore {root} is no address in S3")


def test_options_that_do_nothing_are_told(place: Place) -> None:
    place.write(flow())
    said = done(place, "check", "--notify-slack-webhook-url", "https://a", "--suspend-schedule").said
    assert "Nobody is told how runs end without --notify-on-error or --notify-on-success." in said
    assert "The flow has no schedule for --concurrency-policy or --suspend-schedule." in said


def test_a_store_that_does_not_answer(place: Place) -> None:
    place.write(flow())
    nowhere = without(place, METAFLOW_S3_ENDPOINT_URL=f"http://127.0.0.1:{free_port()}")
    ended = done(nowhere, "create", "--output-dir", "out")
    assert "was not uploaded (the datastore s3://metaflow-test/metaflow cannot be reached" in ended.err


def test_as_yaml(place: Place) -> None:
    place.write(flow())
    ended = done(place, "create", "--only-yaml")
    assert ended.out.startswith("apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\n")


def test_check(place: Place) -> None:
    place.write(flow())
    ended = done(place, "check")
    assert re.fullmatch(
        r"TrainFlow can run on Argo Workflows as trainflow: 2 steps, \d+ templates, \d+ bytes\n", ended.out
    )


@pytest.mark.parametrize(
    "arguments",
    [["create"], ["diff"], ["trigger"], ["delete"], ["list"], ["list-runs"], ["status", "argo-x"]],
    ids=lambda arguments: arguments[0],
)
def test_no_cluster(place: Place, arguments: list[str]) -> None:
    place.write(flow())
    reason = refused(place, *arguments)
    assert reason.startswith("no cluster is configured (")
    assert "set KUBECONFIG" in reason


def test_a_cluster_that_is_down(place: Place) -> None:
    place.write(flow())
    server = f"https://127.0.0.1:{free_port()}"
    config = {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
        "clusters": [{"name": "here", "cluster": {"server": server}}],
        "users": [{"name": "me", "user": {"token": "t"}}],
    }
    (place.folder / "kubeconfig").write_text(json.dumps({"apiVersion": "v1", "kind": "Config", **config}))
    reason = refused(place, "create")
    assert "the cluster cannot be reached" in reason
    assert server.removeprefix("https://") in reason


@pytest.mark.parametrize(
    ("decorator", "name"),
    [
        ('@trigger(event="e")', "trigger"),
        ('@trigger_on_finish(flow="OtherFlow")', "trigger_on_finish"),
        ("@exit_hook(on_error=[print])", "exit_hook"),
    ],
)
def test_decorators_that_are_not_translated_yet(place: Place, decorator: str, name: str) -> None:
    place.write(flow(decorators=decorator))
    assert refused(place, "create", "--only-json").startswith(
        f"@{name}: Deploying flows with @{name} to Argo Workflows is not supported yet"
    )


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--max-workers", "0"], "--max-workers 0 would start nothing; give at least 1"),
        (["--workflow-timeout", "0"], "--workflow-timeout 0 would end every run at once; give at least 1"),
        (["--notify-on-error"], "notifications need somebody who gets them; give --notify-slack-webhook-url"),
        (
            ["--notify-on-success", "--notify-incident-io-api-key", "k"],
            "Incident.io alerts require an alert source configuration ID; set one with",
        ),
        (["--incident-io-metadata", "team"], "--incident-io-metadata team is not KEY=VALUE; correct it"),
        (
            ["--incident-io-metadata", "a=1", "--incident-io-metadata", "a=2=3"],
            "--incident-io-metadata has the key a twice; leave one out",
        ),
    ],
    ids=["workers", "timeout", "nobody", "source", "field", "twice"],
)
def test_options_that_cannot_be_met(place: Place, options: list[str], reason: str) -> None:
    place.write(flow())
    assert refused(place, "check", *options).startswith(reason)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            flow(decorators='@schedule(daily=True, timezone="Mars/Olympus")'),
            "@schedule: the time zone 'Mars/Olympus' is not known",
        ),
        (
            flow(decorators="@schedule(daily=True)", parameters='date = Parameter("date", required=True)'),
            "@schedule: parameter date is required, but a scheduled run gives no values",
        ),
        (
            flow(start="@kubernetes(namespace='elsewhere')"),
            "step start, @kubernetes (line 11): namespace=elsewhere, but a run is in one namespace",
        ),
    ],
    ids=["zone", "parameter", "namespace"],
)
def test_flows_that_cannot_be_deployed(place: Place, text: str, reason: str) -> None:
    place.write(text)
    assert refused(place, "check").startswith(reason)


def test_a_local_datastore(place: Place) -> None:
    place.write(flow())
    assert refused(without(place, METAFLOW_DEFAULT_DATASTORE="local"), "create") == (
        "Argo Workflows requires --datastore=s3 or --datastore=azure or --datastore=gs; "
        "set METAFLOW_DEFAULT_DATASTORE"
    )


def test_names(place: Place) -> None:
    place.write(flow())
    said = command(place, "check", name="a" * 46).said
    assert any("is longer than 45 characters" in line for line in said)
    assert refused(place, "check", name="A_b").startswith("Name 'A_b' contains invalid characters.")


def test_a_file_that_hides_our_package(place: Place) -> None:
    place.write(flow())
    place.write("print('mine')", "hera_bridge.py")
    assert refused(place, "check").startswith(
        f"Python finds {place.folder / 'hera_bridge.py'} as the module hera_bridge, instead of"
    )


def test_a_translator_of_ones_own(place: Place) -> None:
    place.write(flow())
    place.write(
        "from hera_bridge import Translator\n\n\nclass Mine(Translator):\n"
        "    def annotations(self, step):\n        return {'team': 'ranking'}\n",
        "mine.py",
    )
    found = template(without(place, METAFLOW_ARGO_TRANSLATOR="mine:Mine"))
    [start] = [each for each in found["spec"]["templates"] if each["name"] == "start"]
    assert start["metadata"]["annotations"]["team"] == "ranking"
    assert refused(without(place, METAFLOW_ARGO_TRANSLATOR="json:dumps"), "check") == (
        "METAFLOW_ARGO_TRANSLATOR names json:dumps, which is no translator; "
        "derive it from hera_bridge.Translator"
    )
