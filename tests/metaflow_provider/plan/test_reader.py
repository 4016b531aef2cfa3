"""The reader, by Metaflow's own command line on flow files."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from integration.harness.s3 import MotoS3
from metaflow_provider.plan import loads
from metaflow_provider.plan.model import Parameter, Project, Schedule
from tests.flows import Place, flow


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


PARAMETERS = """
text = Parameter("text", default="a", help="some text")
empty = Parameter("empty", default="")
whole = Parameter("whole", default=0)
real = Parameter("real", default=0.5)
flag = Parameter("flag", default=False)
mapping = Parameter("mapping", type=JSONType, default='{"a": [1, null]}')
listing = Parameter("listing", type=JSONType, default=["b"])
bare = Parameter("bare")
maybe = Parameter("maybe", type=int, default=None)
needed = Parameter("needed", type=float, required=True)
needed_file = IncludeFile("needed_file", required=True)
computed = Parameter("computed", default=lambda context: f"{context.flow_name} {context.parameter_name}")
computed_number = Parameter("computed-number", type=int, default=lambda context: 7)
computed_flag = Parameter("computed-flag", type=bool, default=lambda context: True)
computed_json = Parameter("computed-json", type=JSONType, default=lambda context: {"c": 1})
settings = Config("settings", default_value={"size": 3})
size = Parameter("size", default=settings.size)
"""


def test_parameters_of_every_kind_and_configs(place: Place) -> None:
    plan = place.plan(flow(parameters=PARAMETERS))
    assert plan.configs == ("settings",)
    assert {parameter.name: parameter for parameter in plan.parameters} == {
        parameter.name: parameter
        for parameter in (
            Parameter("text", "str", default="a", help="some text"),
            Parameter("empty", "str", default=""),
            Parameter("whole", "int", default=0),
            Parameter("real", "float", default=0.5),
            Parameter("flag", "bool", default=False),
            Parameter("mapping", "json", default={"a": [1, None]}),
            Parameter("listing", "json", default=["b"]),
            Parameter("bare", "str"),
            Parameter("maybe", "int"),
            Parameter("needed", "float", required=True),
            Parameter("needed_file", "file", required=True),
            Parameter("computed", "str", default="TrainFlow computed", deploy_time=True),
            Parameter("computed-number", "int", default=7, deploy_time=True),
            Parameter("computed-flag", "bool", default=True, deploy_time=True),
            Parameter("computed-json", "json", default={"c": 1}, deploy_time=True),
            Parameter("size", "int", default=3),
        )
    }


def test_the_file_of_an_included_default_is_put_into_the_datastore(place: Place) -> None:
    (place.folder / "poem.txt").write_text("so much depends", encoding="utf-8")
    file = place.write(flow(parameters='poem = IncludeFile("poem", default="poem.txt")'))
    without_upload = loads(place.plan_text(file))
    assert place.saved() == []
    assert without_upload.parameters == (Parameter("poem", "file", deploy_time=True),)
    ended = place.run(file, "airflow", "plan")
    [parameter] = loads(ended.out).parameters
    descriptor = json.loads(parameter.default)
    saved = Path(descriptor["url"].removeprefix("local:")).read_bytes()
    assert gzip.decompress(saved) == b"so much depends"


@pytest.mark.parametrize(
    ("decorators", "schedules"),
    [
        ("@schedule(daily=True)", (Schedule("0 0 * * *"),)),
        ("@schedule(weekly=True)", (Schedule("0 0 * * 0"),)),
        ("@schedule(hourly=True)", (Schedule("0 * * * *"),)),
        (
            '@schedule(cron="0 10 ? * MON-FRI *", timezone="Europe/Berlin")',
            (Schedule("0 10 * * 1-5", "Europe/Berlin"),),
        ),
    ],
)
def test_schedules(place: Place, decorators: str, schedules: tuple[Schedule, ...]) -> None:
    assert place.plan(flow(decorators=decorators)).schedules == schedules


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (
            {"decorators": '@schedule(cron="0 6 * * *", timezone="Mars/Olympus")'},
            "@schedule: the time zone 'Mars/Olympus' is not known; use an IANA name such as Europe/Berlin",
        ),
        (
            {"decorators": '@schedule(cron="61 * * * *")'},
            "@schedule: cron '61 * * * *': minute: 61 is out of range; use 0 to 59",
        ),
        (
            {"decorators": '@schedule(cron="0 10 LW * ? *")'},
            "@schedule: cron '0 10 LW * ? *': day-of-month: 'LW' means the last working day of the month, "
            "which five fields cannot say; "
            "write fixed days of the month, such as 28, or 1 for the day after the last",
        ),
        (
            {"decorators": "@schedule(daily=True)", "parameters": 'day = Parameter("day", required=True)'},
            "@schedule: parameter day is required, but a scheduled run gives no values; "
            "give the parameter a default or remove the schedule",
        ),
        (
            {"parameters": 'one = Parameter("alpha")\nother = Parameter("Alpha")'},
            "Parameter *Alpha* is specified twice. Note that parameter names are case-insensitive",
        ),
        (
            {"parameters": 'one = Parameter("alpha")\nother = Config("Alpha", default_value={})'},
            "Parameter *Alpha* is specified twice. Note that parameter names are case-insensitive",
        ),
        (
            {"parameters": 'one = Parameter("one", type=complex)'},
            "parameter one has the type complex, which no engine can carry; "
            "use str, int, float, bool, JSONType or IncludeFile",
        ),
    ],
    ids=["time zone", "cron", "inexpressible", "required", "twice", "twice as config", "type"],
)
def test_refusals(place: Place, parts: dict[str, str], said: str) -> None:
    [message] = place.refusal(flow(**parts))
    assert message.startswith(said)
    assert place.saved() == []


SENSORS = """
@airflow_external_task_sensor(external_dag_id="other", name="wait", execution_delta=timedelta(hours=1))
@airflow_s3_key_sensor(bucket_key="s3://b/k", mode="poke")
@project(name="shop")
"""


def test_projects_and_sensors(place: Place) -> None:
    text = flow(decorators=SENSORS, head="from datetime import timedelta")
    plan = place.plan(text, before=("--branch", "spring"))
    assert plan.name == "shop.test.spring.TrainFlow"
    assert plan.project == Project("shop", "test.spring")
    assert "--branch=spring" in plan.runtime.options
    wait, key = plan.sensors
    assert (wait.decorator, wait.name) == ("airflow_external_task_sensor", "wait")
    assert wait.attributes["external_dag_id"] == "other"
    assert wait.attributes["execution_delta"] == 3600
    assert (key.decorator, key.name) == ("airflow_s3_key_sensor", "S3KeySensor-0")
    assert (key.attributes["bucket_key"], key.attributes["mode"]) == ("s3://b/k", "poke")
    production = loads(place.plan_text(place.folder / "train.py", before=("--production",)))
    assert (production.name, production.project) == ("shop.prod.TrainFlow", Project("shop", "prod", True))


KUBERNETES = '@kubernetes(cpu=2, memory=8000, image="ml:1", gpu=1, labels={"team": "a"}, secrets=["key"])'


def test_kubernetes_attributes_and_an_s3_datastore(tmp_path: Path) -> None:
    with MotoS3() as s3:
        plan = Place(tmp_path, s3.env).plan(flow(start=KUBERNETES))
    assert plan.runtime.datastore_root == f"s3://{s3.bucket}/metaflow"
    assert plan.code is not None
    assert plan.code.url.startswith(f"s3://{s3.bucket}/metaflow/TrainFlow/data/")
    compute = plan.step("start").compute
    assert compute.platform == "kubernetes"
    asked = {
        name: compute.attributes[name] for name in ("cpu", "memory", "image", "gpu", "labels", "secrets")
    }
    assert asked == {
        "cpu": 2,
        "memory": 8000,
        "image": "ml:1",
        "gpu": 1,
        "labels": {"team": "a"},
        "secrets": ["key"],
    }
    assert plan.step("end").compute.platform == ""


# `airflow plan` as if the translation to Airflow took every decorator.
PLAN_OF_ANY_FLOW = """
import sys
from dataclasses import replace
from pathlib import Path
from metaflow_extensions.orchestrators.plugins.airflow import deployment
from metaflow_extensions.orchestrators.runtime.flow_file import run_flow_file

every = frozenset({"trigger", "trigger_on_finish", "exit_hook"})
deployment.AIRFLOW = replace(deployment.AIRFLOW, decorators=every)
run_flow_file(Path(sys.argv[1]), lambda flow: ["--quiet", "--no-pylint", "airflow", "plan", "--no-upload"])
"""
TRIGGERS = """
@trigger(event={"name": "data", "parameters": {"day": "date"}})
@trigger_on_finish(flow="OtherFlow")
@exit_hook(on_error=[tell])
"""


def test_triggers_and_hooks_are_data(place: Place) -> None:
    text = flow(
        decorators=TRIGGERS, head="def tell(run):\n    pass", parameters='day = Parameter("day", default="1")'
    )
    command = [sys.executable, "-c", PLAN_OF_ANY_FLOW, str(place.write(text))]
    done = subprocess.run(command, env=place.env, capture_output=True, text=True, check=True)
    triggers = {trigger.decorator: trigger.attributes for trigger in loads(done.stdout).triggers}
    assert triggers["trigger"]["event"] == {"name": "data", "parameters": {"day": "date"}}
    assert triggers["trigger_on_finish"]["flow"] == "OtherFlow"
    assert triggers["exit_hook"]["on_error"] == ["tell"]


def test_the_same_flow_gives_the_same_bytes_from_anywhere(place: Place, tmp_path: Path) -> None:
    file = place.write(
        flow(parameters='one = Parameter("one", default=1)', start="@environment(vars={'B': '1', 'A': '2'})")
    )
    first = place.plan_text(file, "--new-token", "token")
    assert place.plan_text(file, "--new-token", "token") == first
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert place.plan_text(file, "--new-token", "token", cwd=elsewhere) == first
    moved = Path(shutil.copytree(tmp_path, tmp_path.parent / f"{tmp_path.name}-moved")) / file.name
    assert place.plan_text(moved, "--new-token", "token", cwd=moved.parent) == first


def test_nothing_secret_is_in_a_plan(tmp_path: Path) -> None:
    variables = {
        "METAFLOW_SERVICE_HEADERS": '{"x-api-key": "s3cr3t"}',
        "METAFLOW_SERVICE_AUTH_KEY": "s3cr3t",
        "AWS_SECRET_ACCESS_KEY": "s3cr3t",
        "AWS_SESSION_TOKEN": "s3cr3t",
        "METAFLOW_SERVICE_URL": "http://127.0.0.1:9",
    }
    place = Place(tmp_path, variables)
    text = place.plan_text(place.write(flow()))
    assert "s3cr3t" not in text
    assert loads(text).runtime.environment["METAFLOW_SERVICE_URL"] == "http://127.0.0.1:9"


@pytest.mark.parametrize("user", ["s3cr3t", "ada:s3cr3t", ":s3cr3t"])
def test_an_address_that_holds_a_secret_is_refused(tmp_path: Path, user: str) -> None:
    place = Place(tmp_path, {"METAFLOW_SERVICE_INTERNAL_URL": f"http://{user}@127.0.0.1:9"})
    said = " ".join(place.refusal(flow()))
    assert "METAFLOW_SERVICE_URL holds a user name or a password in an address" in said
    assert "s3cr3t" not in said
