"""`python flow.py step-functions ...`: bad input is one line and changes nothing; what is printed where."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest

from integration.harness.process import free_port
from integration.harness.sfn.engine import Engine
from integration.harness.sfn.names import EC2_QUEUE, FARGATE_QUEUE, role
from sfn import Settings, StepFunctions
from tests.flows import Ended, Place, flow
from tests.plugins.step_functions.account import contents, machine_arn

PARAMETER = 'alpha = Parameter("alpha", default=1)'
REQUIRED = 'date = Parameter("date", required=True)'


def command(place: Place, *arguments: str, name: str = "", quiet: bool = True) -> Ended:
    """`python train.py step-functions [--name NAME] ARGUMENTS`."""
    named = [f"--name={name}"] if name else []
    return place.run(place.folder / "train.py", "step-functions", *named, *arguments, quiet=quiet)


def done(place: Place, *arguments: str, name: str = "") -> Ended:
    ended = command(place, *arguments, name=name, quiet=False)
    assert ended.status == 0, ended.err
    return ended


def without(place: Place, *names: str, **changed: str) -> Place:
    """The place without some variables, and with others."""
    kept = {name: value for name, value in place.variables.items() if name not in names}
    return replace(place, variables={**kept, **changed})


@pytest.fixture
def somebody_else(place: Place) -> Place:
    home = str(place.folder / "other_home")
    return replace(place, variables={**place.variables, "METAFLOW_USER": "other", "METAFLOW_HOME": home})


def refused(
    engine: Engine, place: Place, *arguments: str, name: str = "", fault: str = "", times: int = 1
) -> str:
    """The reason, after a check that it is one line and that nothing has changed.

    A `fault` is what AWS answers when it is asked for the state machine.
    """
    files, account = place.files(), contents(engine)
    if fault:
        engine.fail_next("stepfunctions", "DescribeStateMachine", fault, times=times)
    ended = command(place, *arguments, name=name)
    assert (ended.status, ended.out) == (1, ""), ended.err
    assert (place.files(), contents(engine)) == (files, account)
    return ended.reason


def test_no_role(engine: Engine, place: Place) -> None:
    place.write(flow())
    reason = "No IAM role found for AWS Step Functions; set METAFLOW_SFN_IAM_ROLE to its ARN"
    for arguments in (["create"], ["trigger"], ["list"]):
        assert refused(engine, without(place, "METAFLOW_SFN_IAM_ROLE"), *arguments) == reason


@pytest.mark.parametrize("arguments", [["create"], ["check"], ["create", "--only-json"]])
def test_a_role_that_is_none(engine: Engine, place: Place, arguments: list[str]) -> None:
    place.write(flow())
    assert refused(engine, without(place, METAFLOW_SFN_IAM_ROLE="step-functions"), *arguments) == (
        "METAFLOW_SFN_IAM_ROLE is 'step-functions', which is no ARN of an IAM role; "
        "set it to one such as arn:aws:iam::123456789012:role/step-functions"
    )


def test_no_queue(engine: Engine, place: Place) -> None:
    place.write(flow())
    reason = refused(engine, without(place, "METAFLOW_BATCH_JOB_QUEUE"), "create")
    assert reason == (
        "step start (line 11): there is no AWS Batch job queue for this step; "
        "set METAFLOW_BATCH_JOB_QUEUE, or @batch(queue=...)"
    )
    reason = refused(engine, without(place, METAFLOW_BATCH_JOB_QUEUE="gone"), "create")
    assert reason.startswith("batch:DescribeJobQueues on gone: there is no such job queue")


def test_no_role_of_jobs(engine: Engine, place: Place) -> None:
    place.write(flow())
    reason = refused(engine, without(place, "METAFLOW_ECS_S3_ACCESS_IAM_ROLE"), "create")
    assert reason.endswith("set METAFLOW_ECS_S3_ACCESS_IAM_ROLE, or @batch(iam_role=...)")


def test_no_role_for_schedules(engine: Engine, place: Place) -> None:
    nobody = without(place, "METAFLOW_EVENTS_SFN_ACCESS_IAM_ROLE")
    place.write(flow("NoRole", decorators="@schedule(daily=True)"))
    reason = refused(engine, nobody, "create")
    assert reason.startswith("@schedule: No IAM role found for AWS EventBridge Scheduler")
    place.write(flow("NoRole"))
    done(nobody, "create")


def test_no_log_group(engine: Engine, place: Place) -> None:
    place.write(flow())
    nowhere = without(place, "METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN")
    assert refused(engine, nowhere, "create", "--log-execution-history") == (
        "No AWS CloudWatch Logs log group ARN found for the execution logs of your workflow; "
        "set METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN"
    )


@pytest.mark.parametrize("arguments", [["create"], ["check"]])
def test_wrong_datastore(engine: Engine, place: Place, arguments: list[str]) -> None:
    place.write(flow())
    local = without(place, METAFLOW_DEFAULT_DATASTORE="local")
    reason = "AWS Step Functions requires --datastore=s3; set METAFLOW_DEFAULT_DATASTORE=s3"
    assert refused(engine, local, *arguments) == reason


def test_a_root_that_is_no_address(engine: Engine, place: Place) -> None:
    place.write(flow())
    assert refused(engine, without(place, METAFLOW_DATASTORE_SYSROOT_S3="bucket/store"), "create") == (
        "the datastore bucket/store is no address in S3; "
        "set METAFLOW_DATASTORE_SYSROOT_S3 to one such as s3://bucket/metaflow"
    )


def test_local_metadata_is_told(place: Place) -> None:
    place.write(flow())
    assert any(line.startswith("Metadata is local") for line in done(place, "check").said)


def test_check_tells_roles_that_create_needs(place: Place) -> None:
    names = ("METAFLOW_SFN_IAM_ROLE", "METAFLOW_EVENTS_SFN_ACCESS_IAM_ROLE")
    place.write(flow(decorators="@schedule(daily=True)"))
    told = [f"{name} is not set; step-functions create needs it" for name in names]
    assert [line for line in done(without(place, *names), "check").said if "is not set" in line] == told
    assert not [line for line in done(place, "check").said if "is not set" in line]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (
            ["--only-json", "--output-dir", "out"],
            "--only-json and --output-dir exclude each other; give one of them",
        ),
        (
            ["--no-upload"],
            "--no-upload goes with --output-dir alone: what is deployed needs its code package; "
            "remove it, or add --output-dir",
        ),
    ],
)
def test_options_of_output(engine: Engine, place: Place, arguments: list[str], reason: str) -> None:
    place.write(flow())
    assert refused(engine, place, "create", *arguments) == reason


def test_names(engine: Engine, place: Place) -> None:
    place.write(flow())
    assert refused(engine, place, "create", name="a" * 81) == (
        f"Name '{'a' * 40}...' has 81 characters, AWS Step Functions takes 80. "
        "Please choose a shorter --name, project or branch."
    )
    assert "contains invalid characters" in refused(engine, place, "create", name="a b")
    assert "Name 'a*b*' contains" in refused(engine, place, "create", name="a*b*")
    prefixed = without(place, METAFLOW_SFN_STATE_MACHINE_PREFIX="team")
    assert "has 81 characters" in refused(engine, prefixed, "create", name="a" * 76)
    place.write(flow(decorators='@project(name="demo")'))
    assert refused(engine, place, "create", name="mine") == (
        "--name is not supported for @projects. Use --branch instead."
    )


@pytest.mark.parametrize(
    ("schedule", "reason"),
    [
        ('cron="0 6 1 * 1 *"', "a day would have to match both '1' and '1'"),
        ('cron="0 6 * *"', "cron"),
        ('daily=True, timezone="Mars/Olympus"', "Mars/Olympus"),
    ],
    ids=["two days", "too short", "unknown zone"],
)
def test_schedules(engine: Engine, place: Place, schedule: str, reason: str) -> None:
    place.write(flow(decorators=f"@schedule({schedule})"))
    said = refused(engine, place, "create")
    assert said.startswith("@schedule")
    assert reason in said


def test_a_required_parameter_on_a_schedule(engine: Engine, place: Place) -> None:
    place.write(flow(decorators="@schedule(daily=True)", parameters=REQUIRED))
    assert refused(engine, place, "create") == (
        "@schedule: parameter date is required, but a scheduled run gives no values; "
        "give the parameter a default or remove the schedule"
    )


def test_what_fargate_does_not_take(engine: Engine, place: Place) -> None:
    place.write(flow(start="@batch(use_tmpfs=True)"))
    reason = refused(engine, without(place, METAFLOW_BATCH_JOB_QUEUE=FARGATE_QUEUE), "create")
    assert reason.startswith("step start")
    assert "tmpfs" in reason
    assert "Fargate" in reason


@pytest.mark.parametrize(
    ("tag", "reason"),
    [
        ("cost", "is not KEY=VALUE"),
        ("team=m&l", "has characters that AWS does not take in tags"),
        ("aws:team=ml", "begins with aws:, which AWS keeps for itself"),
        (f"{'k' * 129}=v", "is too long: a key has 128 characters at most, a value 256"),
    ],
    ids=["no value", "characters", "prefix", "length"],
)
def test_malformed_tags_of_jobs(engine: Engine, place: Place, tag: str, reason: str) -> None:
    place.write(flow())
    said = refused(engine, place, "create", "--aws-batch-tag", tag)
    assert said == f"--aws-batch-tag {tag} {reason}; correct it"


def test_malformed_tags(engine: Engine, place: Place) -> None:
    place.write(flow())
    assert "too long" in refused(engine, place, "create", "--tag", "a" * 501)


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        (["--max-workers", "0"], "--max-workers 0 would start nothing; give at least 1"),
        (["--workflow-timeout", "0"], "--workflow-timeout 0 would end every run at once; give at least 1"),
    ],
)
def test_limits(engine: Engine, place: Place, option: list[str], reason: str) -> None:
    place.write(flow())
    assert refused(engine, place, "create", *option) == reason


def test_a_wrong_token(engine: Engine, place: Place, somebody_else: Place) -> None:
    place.write(flow("TokenFlow"))
    deployed = done(place, "create").said
    told = done(place, "trigger", "--run-id-file", "run").said[-1]
    run_id = (place.folder / "run").read_text()
    engine.ended(_execution("TokenFlow", run_id))
    assert told.endswith(f"(run-id {run_id}).")
    for arguments in (["create"], ["diff"], ["delete"], ["terminate", run_id]):
        reason = refused(engine, somebody_else, *arguments, "--authorize", "production:wrong")
        assert reason == "Try again with the correct production token."
    said = command(somebody_else, "delete", quiet=False).said
    assert (
        "There is an existing version of TokenFlow on AWS Step Functions which was deployed by the user "
        "tester." in said
    )
    assert "step-functions delete --authorize MY_TOKEN" in said
    said = command(somebody_else, "terminate", run_id, quiet=False).said
    assert "To terminate this flow, you need to use the same production token that they used." in said
    assert "step-functions terminate RUN_ID --authorize MY_TOKEN" in said
    [token] = [line for line in deployed if line.startswith("production:")]
    done(somebody_else, "create", "--authorize", token)


def test_a_machine_that_is_not_ours(engine: Engine, place: Place) -> None:
    place.write(flow("Foreign"))
    engine.client("stepfunctions").create_state_machine(
        name="Foreign",
        definition='{"StartAt": "a", "States": {"a": {"Type": "Succeed"}}}',
        roleArn=role("step-functions"),
    )
    for arguments in (["create"], ["trigger"], ["delete"]):
        assert refused(engine, place, *arguments) == (
            "An existing non-metaflow workflow with the same name as Foreign already exists in AWS Step "
            "Functions; please modify the name of this flow or delete your existing workflow"
        )


def test_expired_credentials(engine: Engine, place: Place) -> None:
    place.write(flow("Expired"))
    for arguments in (["create"], ["trigger"]):
        assert refused(engine, place, *arguments, fault="ExpiredTokenException") == (
            f"states:DescribeStateMachine on {machine_arn('Expired')}: "
            "the AWS credentials have expired (ExpiredTokenException); renew them and try again"
        )


def test_a_permission_that_is_missing(engine: Engine, place: Place) -> None:
    place.write(flow("Denied", start="@environment(vars={'denied': '1'})"))
    engine.fail_next("stepfunctions", "CreateStateMachine", "AccessDeniedException")
    before = contents(engine)
    ended = command(place, "create")
    assert ended.status == 1
    assert "the credentials in use need the permission states:CreateStateMachine" in ended.said[-1]
    assert ended.said[-1].endswith("all that was changed before has been undone")
    after = contents(engine)
    # Package and job definitions are content, which the next deployment finds; they are no part of what runs.
    content = {name: before[name] for name in ("objects", "job definitions")}
    assert {**after, **content} == before


def test_throttling(engine: Engine, place: Place) -> None:
    place.write(flow("Throttled"))
    reason = refused(engine, place, "create", fault="ThrottlingException", times=5)
    assert "AWS throttles this call, the last of 5 tries too (ThrottlingException)" in reason
    engine.fail_next("stepfunctions", "DescribeStateMachine", "ThrottlingException")
    done(place, "create")


def test_a_network_that_is_down(engine: Engine, place: Place) -> None:
    place.write(flow("Down"))
    url = f"http://127.0.0.1:{free_port()}"
    reason = refused(engine, without(place, AWS_ENDPOINT_URL_SFN=url), "list-runs")
    assert "AWS cannot be reached" in reason
    assert reason.endswith("check the network, the region and AWS_ENDPOINT_URL")
    reason = refused(engine, without(place, METAFLOW_S3_ENDPOINT_URL=url), "create")
    assert reason.startswith("the datastore s3://metaflow-test/metaflow cannot be reached")
    reason = refused(engine, without(place, METAFLOW_S3_ENDPOINT_URL="host"), "create")
    assert reason.startswith("the datastore s3://metaflow-test/metaflow cannot be reached: Invalid endpoint")


def test_no_credentials(engine: Engine, place: Place) -> None:
    place.write(flow("Nobody"))
    nobody = without(place, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", HOME=str(place.folder))
    reason = refused(engine, nobody, "trigger")
    assert "no AWS credentials were found" in reason


@pytest.mark.parametrize("arguments", [["trigger"], ["delete"], ["status", "sfn-a"]])
def test_a_flow_that_is_not_deployed(engine: Engine, place: Place, arguments: list[str]) -> None:
    place.write(flow("Undeployed"))
    assert refused(engine, place, *arguments) == (
        "The workflow Undeployed doesn't exist on AWS Step Functions; please deploy your flow first"
    )


def test_a_run_of_another_flow(engine: Engine, place: Place) -> None:
    place.write(flow("RunFlow"))
    done(place, "create", name="one")
    done(place, "create", name="two")
    done(place, "trigger", "--run-id-file", "run", name="one")
    run_id = (place.folder / "run").read_text()
    engine.ended(_execution("one", run_id))
    for name in ("status", "terminate"):
        assert refused(engine, place, name, run_id, name="two").startswith(
            f"Could not find the run {run_id} of the state machine two on AWS Step Functions"
        )
    assert refused(engine, place, "status", "argo-7c9e", name="two") == (
        "argo-7c9e is no run of Step Functions: "
        "Run IDs for flows executed through AWS Step Functions begin with 'sfn-'"
    )
    assert "(in RUNNING state): it is" in refused(engine, place, "terminate", run_id, name="one")


def test_a_file_that_hides_our_package(engine: Engine, place: Place) -> None:
    place.write(flow())
    place.write("print('mine')", "sfn.py")
    reason = refused(engine, place, "create")
    assert reason == (
        f"Python finds {place.folder / 'sfn.py'} as the module sfn, instead of the one of "
        "metaflow-orchestrators: rename the file, or move it out of the flow's folder."
    )


@pytest.mark.parametrize(
    ("decorators", "name"),
    [
        ('@trigger(event="e")', "trigger"),
        ('@trigger_on_finish(flow="OtherFlow")', "trigger_on_finish"),
        ("@exit_hook(on_error=[print])", "exit_hook"),
    ],
)
def test_decorators_that_are_not_translated_yet(
    engine: Engine, place: Place, decorators: str, name: str
) -> None:
    place.write(flow(decorators=decorators))
    assert refused(engine, place, "create").startswith(
        f"@{name}: Deploying flows with @{name} to AWS Step Functions is not supported yet"
    )


def test_service_headers_without_a_secret(engine: Engine, place: Place) -> None:
    place.write(flow("Headers"))
    variables = {
        "METAFLOW_DEFAULT_METADATA": "service",
        "METAFLOW_SERVICE_URL": f"http://127.0.0.1:{free_port()}",
        "METAFLOW_SERVICE_HEADERS": '{"x-api-key": "canary"}',
    }
    reason = refused(engine, without(place, **variables), "create")
    assert reason == (
        "the metadata service takes headers, which are no content for a job definition; keep "
        "METAFLOW_SERVICE_HEADERS in AWS Secrets Manager, and set METAFLOW_SFN_SERVICE_HEADERS_SECRET to the "
        "secret's ARN"
    )
    secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:headers"
    with_secret = without(place, **variables, METAFLOW_SFN_SERVICE_HEADERS_SECRET=secret)
    ended = done(with_secret, "create", "--output-dir", "out", "--no-upload")
    written = "".join(
        file.read_text() for file in (place.folder / "out").iterdir() if file.name.startswith("job-")
    )
    assert secret in written
    assert "canary" not in written + ended.err + (place.folder / "out" / "state-machine.json").read_text()


def test_a_translator_whose_module_fails(engine: Engine, place: Place) -> None:
    place.write(flow())
    (place.folder / "broken.py").write_text("1 / 0\n")
    path = os.pathsep.join([str(place.folder), place.variables.get("PYTHONPATH", "")])
    broken = without(place, METAFLOW_SFN_TRANSLATOR="broken:Mine", PYTHONPATH=path)
    assert refused(engine, broken, "create") == (
        "METAFLOW_SFN_TRANSLATOR is broken:Mine, which cannot be imported: division by zero; "
        "name a class as module:Class"
    )


def test_a_translator_that_is_none(engine: Engine, place: Place) -> None:
    place.write(flow())
    reason = refused(engine, without(place, METAFLOW_SFN_TRANSLATOR="json:dumps"), "create")
    assert reason == (
        "METAFLOW_SFN_TRANSLATOR names json:dumps, which is no translator; derive it from sfn.Translator"
    )


def test_unknown_parameters_are_refused(place: Place) -> None:
    place.write(flow("Options", parameters=PARAMETER))
    ended = command(place, "trigger", "--beta", "1")
    assert ended.status == 2
    assert "no such option: --beta" in ended.err


def test_deploying_the_same_twice(engine: Engine, place: Place) -> None:
    place.write(flow("Twice", decorators="@schedule(daily=True)", parameters=PARAMETER))
    first = done(place, "create").said
    assert "create state machine Twice" in first
    assert "create schedule Twice" in first
    assert first[-1].startswith("This workflow triggers automatically via a cron schedule")
    before = contents(engine)
    again = done(place, "create").said
    assert "nothing has changed" in again
    assert not any(line.startswith(("create ", "update ", "delete ")) for line in again)
    assert contents(engine) == before
    assert done(place, "diff").out == "Nothing would change.\n"
    # Metaflow's INFO file is in the package, and not what is deployed.
    elsewhere = without(place, APP="another")
    assert done(elsewhere, "diff").out == "Nothing would change.\n"


def test_the_difference(engine: Engine, place: Place) -> None:
    place.write(flow("Diff"))
    assert "create state machine Diff" in done(place, "diff").out
    done(place, "create")
    place.write(flow("Diff", decorators="@schedule(daily=True)", start="@retry(times=2)"))
    before = contents(engine)
    out = done(place, "diff").out
    assert contents(engine) == before
    assert "update state machine Diff" in out
    assert "create schedule Diff" in out
    done(place, "create")
    place.write(flow("Diff", start="@retry(times=2)"))
    assert "delete schedule Diff" in done(place, "create").said


OFFLINE = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "METAFLOW_SFN_IAM_ROLE")


@pytest.fixture
def offline(place: Place) -> Place:
    """Nobody knows an AWS account here, and nothing answers."""
    url = f"http://127.0.0.1:{free_port()}"
    variables = {"AWS_ENDPOINT_URL": url, "METAFLOW_S3_ENDPOINT_URL": url}
    return without(place, *OFFLINE, "AWS_DEFAULT_REGION", **variables)


def test_only_json_needs_no_aws_and_prints_nothing_else(engine: Engine, place: Place, offline: Place) -> None:
    place.write(flow("Json", parameters=PARAMETER))
    files, account = place.files(), contents(engine)
    for quiet in (True, False):
        ended = command(offline, "create", "--only-json", quiet=quiet)
        assert ended.status == 0, ended.err
        definition = json.loads(ended.out)
        assert ended.out.startswith("{")
        assert {"StartAt", "States"} <= definition.keys()
    assert "Nothing was uploaded or deployed." in ended.said
    assert (place.files(), contents(engine)) == (files, account)
    definition = json.loads(done(place, "create", "--only-json").out)
    done(place, "create")
    deployed = engine.client("stepfunctions").describe_state_machine(stateMachineArn=machine_arn("Json"))
    assert json.loads(deployed["definition"]) == definition


def test_output_dir_needs_no_aws(engine: Engine, place: Place, offline: Place) -> None:
    place.write(flow("Files", decorators="@schedule(daily=True)"))
    account = contents(engine)
    ended = done(offline, "create", "--output-dir", "out", "--no-upload")
    written = sorted((place.folder / "out").iterdir())
    assert [line.split("/")[-1] for line in sorted(ended.out.splitlines())] == [f.name for f in written]
    assert {"create-state-machine.json", "settings.json", "state-machine.json", "schedule.json"} < {
        file.name for file in written
    }
    assert any(file.name.startswith("job-definition-") for file in written)
    assert ended.said[-1].startswith("The code package s3://metaflow-test/metaflow/Files/data/")
    first = {file.name: file.read_bytes() for file in written}
    done(offline, "create", "--output-dir", "again")
    assert {file.name: file.read_bytes() for file in (place.folder / "again").iterdir()} == first
    assert contents(engine) == account


def test_output_dir_has_what_a_deployment_has(engine: Engine, place: Place) -> None:
    place.write(flow("Whole", decorators="@schedule(daily=True)"))
    done(place, "create", "--output-dir", "out", "--log-execution-history", "--aws-batch-tag", "team=ml")
    request = json.loads((place.folder / "out" / "create-state-machine.json").read_text())
    machine = (place.folder / "out" / "state-machine.json").read_text()
    states = engine.client("stepfunctions")
    made = states.create_state_machine(**{**request, "name": "ByHand", "definition": machine})
    done(place, "create", "--log-execution-history", "--aws-batch-tag", "team=ml")
    fields = ("definition", "roleArn", "type", "loggingConfiguration")
    by_hand, deployed = (
        states.describe_state_machine(stateMachineArn=arn)
        for arn in (made["stateMachineArn"], machine_arn("Whole"))
    )
    assert json.loads(by_hand.pop("definition")) == json.loads(deployed.pop("definition"))
    assert [by_hand[name] for name in fields[1:]] == [deployed[name] for name in fields[1:]]
    tags = states.list_tags_for_resource(resourceArn=machine_arn("Whole"))["tags"]
    assert sorted(map(str, tags)) == sorted(map(str, request["tags"]))


def test_another_flow_under_a_name_is_told(place: Place) -> None:
    place.write(flow("Former"))
    done(place, "create", name="Shared")
    place.write(flow("Latter"))
    assert "Latter is not deployed; --all lists other flows." in done(place, "list").said
    note = "Note: Shared is the flow Former so far; Latter takes its place."
    assert note in done(place, "create", name="Shared").said
    assert note not in done(place, "create", name="Shared").said


@pytest.mark.parametrize("file", ["plan.json", "state-machine.json"])
def test_output_dir_keeps_what_is_somebody_elses(
    engine: Engine, place: Place, offline: Place, file: str
) -> None:
    place.write(flow("Other"))
    theirs = place.folder / "out" / file
    theirs.parent.mkdir()
    theirs.write_text('{"of": "mine"}')
    assert refused(engine, offline, "create", "--output-dir", "out", "--no-upload").startswith(
        f"out/{file} is there already, and was not written by metaflow-orchestrators"
    )
    assert [path.name for path in theirs.parent.iterdir()] == [file]


def test_output_dir_keeps_nothing_of_an_earlier_deployment(place: Place, offline: Place) -> None:
    out = place.folder / "out"
    place.write(flow("Again", decorators="@schedule(daily=True)"))
    done(offline, "create", "--output-dir", "out", "--no-upload")
    (out / "job-definition-of-mine.json").write_text("{}")
    (out / "notes.txt").write_text("mine")
    place.write(flow("Again", start="@environment(vars={'X': '1'})"))
    done(offline, "create", "--output-dir", "out", "--no-upload")
    done(offline, "create", "--output-dir", "fresh", "--no-upload")
    fresh = {file.name for file in (place.folder / "fresh").iterdir()}
    assert {file.name for file in out.iterdir()} == fresh | {"job-definition-of-mine.json", "notes.txt"}


def test_files_that_are_there_already_are_not_taken_for_ours(place: Place, offline: Place) -> None:
    (place.folder / "out").mkdir()
    place.write("{}", "out/schedule.json")
    place.write(flow("Beside"))
    done(offline, "create", "--output-dir", "out", "--no-upload")
    assert (place.folder / "out" / "schedule.json").read_text() == "{}"


def test_offline_tokens(place: Place, offline: Place) -> None:
    place.write(flow("Offline"))

    def token(*options: str) -> str:
        done(offline, "create", "--output-dir", "out", "--no-upload", *options)
        request = json.loads((place.folder / "out" / "create-state-machine.json").read_text())
        [value] = [tag["value"] for tag in request["tags"] if tag["key"] == "metaflow.production_token"]
        return str(value)

    first = token()
    assert first.startswith("offline-0-")
    assert token("--new-token", "production:mine") == "mine"
    assert token("--authorize", "production:theirs") == "theirs"
    assert token("--authorize", first, "--generate-new-token").startswith("offline-1-")
    ended = command(offline, "create", "--only-json", "--authorize", "mine", "--generate-new-token")
    assert (ended.status, ended.out) == (1, "")
    assert ended.said[-1].startswith("--generate-new-token option is not supported after using --new-token")


def test_settings_for_python_are_those_of_the_command(
    engine: Engine, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write(flow("FromPython", start="@batch(use_tmpfs=False)"))
    options = ("--aws-batch-tag", "team=ml", "--max-workers", "3", "--use-distributed-map")
    configured = without(place, METAFLOW_BATCH_JOB_QUEUE=FARGATE_QUEUE, METAFLOW_DEFAULT_RUNTIME_LIMIT="7200")
    done(
        without(configured, METAFLOW_SFN_BATCH_PLATFORM="FARGATE"), "create", "--output-dir", "out", *options
    )
    done(configured, "create", *options)
    for name, value in place.env.items():
        monkeypatch.setenv(name, value)
    text = {name: (place.folder / "out" / f"{name}.json").read_text() for name in ("plan", "settings")}
    settings = Settings.from_json(text["settings"])
    assert (settings.queue, settings.default_timeout) == (FARGATE_QUEUE, 7200)
    assert StepFunctions(text["plan"], settings).plan().diff() == ""


def test_the_same_flow_gives_the_same_bytes(place: Place, offline: Place) -> None:
    place.write(flow("Same", parameters=PARAMETER))
    outs = set()
    for seed in ("1", "2"):
        ended = command(without(offline, PYTHONHASHSEED=seed), "create", "--only-json")
        outs.add(ended.out)
    [out] = outs
    assert out.count("\n") == 1


def test_files_that_cannot_be_written(engine: Engine, place: Place) -> None:
    place.write(flow("Written"))
    done(place, "create")
    assert refused(engine, place, "create", "--output-dir", "train.py") == (
        "the folder train.py cannot be written to: Not a directory; choose another"
    )
    for path in ("gone/run", "home"):
        assert refused(engine, place, "trigger", "--run-id-file", path) == (
            f"the file {path} for the run's id cannot be written; choose another"
        )


def test_check(engine: Engine, place: Place, offline: Place) -> None:
    place.write(flow("Checked"))
    files, account = place.files(), contents(engine)
    out = done(offline, "check").out
    assert out.startswith("Checked can run on AWS Step Functions as Checked: 2 steps, 2 states, ")
    assert (place.files(), contents(engine)) == (files, account)


def test_list_runs(engine: Engine, place: Place) -> None:
    place.write(flow("Listed"))
    done(place, "create")
    assert done(place, "list-runs", "--running", "--failed").said[-1] == (
        "No RUNNING and FAILED executions for Listed found on AWS Step Functions."
    )
    assert done(place, "list-runs").said[-1] == "No executions for Listed found on AWS Step Functions."
    done(place, "trigger", "--run-id-file", "run")
    run_id = (place.folder / "run").read_text()
    engine.ended(_execution("Listed", run_id))
    line = done(place, "list-runs").said[-1]
    assert line.startswith(f"{run_id} startedAt:'")
    assert " stoppedAt:'" in line
    [row] = json.loads(done(place, "list-runs", "--json").out)
    assert (row["run_id"], row["status"]) == (run_id, line.split()[-1])
    assert done(place, "status", run_id).out == f"{row['status']}\n"
    [found] = json.loads(done(place, "list", "--json").out)
    assert found == {"name": "Listed", "flow": "Listed", "owner": "tester"}


_TRANSLATORS = """
from sfn import Translator


class EndOnFargate(Translator):
    def queue(self, step):
        return "{fargate}" if step.name == "end" else super().queue(step)


class Everywhere(Translator):
    def queue(self, step):
        return "{hosts}"


class Nowhere(Translator):
    def queue(self, step):
        return ""
"""


@pytest.fixture
def translated(place: Place) -> Place:
    """A flow, and translators beside it that choose queues."""
    place.write(flow("Queued"))
    place.write(_TRANSLATORS.format(fargate=FARGATE_QUEUE, hosts=EC2_QUEUE), "queues.py")
    return place


def test_a_translator_may_choose_a_queue_of_another_platform(engine: Engine, translated: Place) -> None:
    chosen = without(translated, METAFLOW_SFN_TRANSLATOR="queues:EndOnFargate")
    done(chosen, "create")
    deployed = engine.client("stepfunctions").describe_state_machine(stateMachineArn=machine_arn("Queued"))
    states = json.loads(deployed["definition"])["States"]
    found = {}
    for name, state in states.items():
        [job] = engine.client("batch").describe_job_definitions(
            jobDefinitionName=state["Arguments"]["JobDefinition"]
        )["jobDefinitions"]
        found[name] = (state["Arguments"]["JobQueue"], job["platformCapabilities"])
    assert found == {"start": (EC2_QUEUE, ["EC2"]), "end": (FARGATE_QUEUE, ["FARGATE"])}
    assert done(chosen, "diff").out == "Nothing would change.\n"


def test_a_translator_may_give_every_step_its_queue(engine: Engine, translated: Place) -> None:
    chosen = without(translated, "METAFLOW_BATCH_JOB_QUEUE", METAFLOW_SFN_TRANSLATOR="queues:Everywhere")
    definition = json.loads(done(chosen, "create", "--only-json").out)
    assert {state["Arguments"]["JobQueue"] for state in definition["States"].values()} == {EC2_QUEUE}
    done(chosen, "create", name="everywhere")


def test_a_translator_that_gives_no_queue_is_refused(engine: Engine, translated: Place) -> None:
    chosen = without(translated, METAFLOW_SFN_TRANSLATOR="queues:Nowhere")
    for arguments in (["create"], ["create", "--only-json"]):
        assert refused(engine, chosen, *arguments).startswith(
            "step start (line 11): there is no AWS Batch job queue for this step; "
        )


def test_what_compressing_does_is_said(place: Place, offline: Place) -> None:
    place.write(flow("Small"))
    compressed = done(offline, "create", "--only-json", "--compress-state-machine")
    assert (
        "--compress-state-machine has no effect: commands are in job definitions, which leaves nothing to "
        "compress." in compressed.said
    )
    assert compressed.out == done(offline, "create", "--only-json").out


def test_what_kubernetes_says_carries_over(place: Place, offline: Place) -> None:
    said = "@kubernetes(cpu=3, memory=5000, image='mine:1', node_selector='a=b')"
    place.write(flow("Carried", start=said))
    ended = done(offline, "create", "--output-dir", "out", "--no-upload")
    assert (
        "Step start: of @kubernetes, this has no counterpart on AWS Batch: node_selector={'a': 'b'}"
        in ended.said
    )
    machine = json.loads((place.folder / "out" / "state-machine.json").read_text())
    name = machine["States"]["start"]["Arguments"]["JobDefinition"]
    container = json.loads((place.folder / "out" / f"job-definition-{name}.json").read_text())[
        "containerProperties"
    ]
    assert container["image"] == "mine:1"
    assert container["resourceRequirements"] == [
        {"type": "VCPU", "value": "3"},
        {"type": "MEMORY", "value": "5000"},
    ]


def test_an_included_file_makes_no_difference_until_it_changes(engine: Engine, place: Place) -> None:
    place.write(flow("Included", parameters='text = IncludeFile("text", default="words.txt")'))
    place.write("one", "words.txt")
    before = contents(engine)
    only = json.loads(done(place, "create", "--only-json").out)
    assert contents(engine) == before
    done(place, "create")
    deployed = engine.client("stepfunctions").describe_state_machine(stateMachineArn=machine_arn("Included"))
    assert json.loads(deployed["definition"]) == only
    assert done(place, "diff").out == "Nothing would change.\n"
    place.write("two", "words.txt")
    before = contents(engine)
    assert "update state machine Included" in done(place, "diff").out
    assert contents(engine) == before
    done(place, "create")
    [uploaded] = set(contents(engine)["objects"]) - set(before["objects"])
    assert "/data/Included/" in uploaded


def test_a_machine_that_may_not_be_read_is_counted(engine: Engine, place: Place) -> None:
    place.write(flow("Seen"))
    done(place, "create")
    engine.fail_next("stepfunctions", "DescribeStateMachine", "KmsAccessDeniedException")
    ended = done(place, "list", "--all", "--json")
    machines = engine.client("stepfunctions").list_state_machines()["stateMachines"]
    assert len(json.loads(ended.out)) == len([m for m in machines if m["name"] != "Foreign"]) - 1
    assert "1 state machine could not be read, and may be missing here: states:DescribeState" in ended.err


# The flow, in an AWS that tells twice that a run is at work, and then is busy.
_BUSY = """
import runpy, sys
from botocore.client import BaseClient
from botocore.exceptions import ClientError

call, looks = BaseClient._make_api_call, []

def answer(client, action, arguments):
    said = call(client, action, arguments)
    if action != "DescribeExecution":
        return said
    looks.append(said)
    if len(looks) > 2:
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, action)
    return {**said, "status": "RUNNING"}

BaseClient._make_api_call = answer
sys.argv[0] = "train.py"
runpy.run_path("train.py", run_name="__main__")
"""


def test_the_status_is_of_the_look_that_the_failure_is_of(engine: Engine, place: Place) -> None:
    place.write(flow("Looked"))
    done(place, "create")
    done(place, "trigger", "--run-id-file", "run")
    run_id = (place.folder / "run").read_text()
    engine.ended(_execution("Looked", run_id))
    ended = place.run(place.write(_BUSY, "busy.py"), "step-functions", "status", run_id)
    assert (ended.status, ended.out, ended.err) == (0, "RUNNING\n", "")


def _execution(machine: str, run_id: str) -> str:
    name = run_id.removeprefix("sfn-")
    return f"{machine_arn(machine).replace('stateMachine', 'execution')}:{name}"
