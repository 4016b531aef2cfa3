"""`python flow.py step-functions ...`: options and talk; the work is done elsewhere, imported when needed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from metaflow import parameters
from metaflow._vendor import click

from ..common.options import run_options, state_options, token_options, with_options
from ..common.say import say, tell_change, tell_nothing_found
from .states import STATES


@click.group()
def cli() -> None:
    """Holds the group below, as Metaflow's plugins want it."""


@cli.group(name="step-functions", help="Commands related to AWS Step Functions.")
@click.option(
    "--name",
    default=None,
    type=str,
    help="State Machine name. The flow name is used instead if this option is not specified",
)
@click.pass_obj
def step_functions(obj: Any, name: str | None = None) -> None:
    """Check the flow and find out what it is called on Step Functions."""
    from ..common.own_packages import check_not_hidden
    from .naming import resolve_machine_name

    check_not_hidden("sfn")
    obj.check(obj.graph, obj.flow, obj.environment, pylint=obj.pylint)
    obj.deployment_name = resolve_machine_name(name)


@contextmanager
def one_line() -> Iterator[None]:
    """Within it, refusals and what AWS says are one line, with exit status 1."""
    from sfn import AwsError

    from ..common.errors import refusals

    with refusals(AwsError):
        yield


compile_options = with_options(
    run_options("AWS Step Functions"),
    click.option(
        "--aws-batch-tag",
        "aws_batch_tags",
        multiple=True,
        default=None,
        help="AWS Batch tags, as KEY=VALUE.",
    ),
    click.option(
        "--max-workers",
        default=100,
        show_default=True,
        type=int,
        help="Maximum number of items of a foreach at work at a time; nested ones share it.",
    ),
    click.option(
        "--workflow-timeout", default=None, type=int, help="Timeout of a run in seconds, scheduled or not."
    ),
    click.option(
        "--use-distributed-map/--no-use-distributed-map",
        "use_distributed_map",
        is_flag=True,
        default=None,
        help="Use AWS Step Functions Distributed Map for every foreach, or for none. "
        "By default the outermost are distributed.",
    ),
    click.option(
        "--compress-state-machine/--no-compress-state-machine",
        is_flag=True,
        default=False,
        help="Has no effect: commands are in job definitions, which leaves nothing to compress.",
    ),
)
"""The options that every command takes which compiles the flow."""

authorize_option = click.option(
    "--authorize", default=None, type=str, help="Authorize with a production token."
)
history_option = click.option(
    "--log-execution-history",
    is_flag=True,
    help="Log AWS Step Functions execution history to AWS CloudWatch Logs log group.",
)


@step_functions.command(help="Deploy a new version of this workflow to AWS Step Functions.")
@token_options
@compile_options
@history_option
@click.option(
    "--only-json",
    is_flag=True,
    default=False,
    help="Only print out JSON sent to AWS Step Functions. Asks and changes nothing in AWS.",
)
@click.option(
    "--output-dir",
    default=None,
    type=str,
    help="Write every object of the deployment to a file in this folder instead. Needs no AWS, but for the "
    "datastore.",
)
@click.option(
    "--upload/--no-upload",
    default=True,
    show_default=True,
    help="With --output-dir: upload the code package.",
)
@click.option("--deployer-attribute-file", default=None, type=str, hidden=True)
@click.pass_obj
def create(
    obj: Any,
    authorize: str | None,
    generate_new_token: bool,
    given_token: str | None,
    log_execution_history: bool,
    only_json: bool,
    output_dir: str | None,
    upload: bool,
    deployer_attribute_file: str | None,
    compress_state_machine: bool,
    **options: Any,
) -> None:
    """Compile, then print, write or deploy."""
    from ..common.attribute_file import write_deployment
    from ..common.options import check_output_options
    from ..common.tokens import TokenWishes
    from ..common.upload import upload_if_wanted
    from . import deployment

    name = obj.deployment_name.name
    write_deployment(deployer_attribute_file, name, obj)
    with one_line():
        check_output_options({"--only-json": only_json}, output_dir, upload)
        wishes = _wishes(obj, compress_state_machine, options)
        tokens = TokenWishes(authorize, given_token, generate_new_token)
        if only_json:
            compiled = deployment.compile_offline(obj, wishes, tokens)
            if log_execution_history:
                obj.echo("--log-execution-history is no part of the definition.")
            obj.echo("Nothing was uploaded or deployed.")
            obj.echo_always(compiled.flow.machine.to_json(), err=False, no_bold=True)
            return
        if output_dir is not None:
            compiled = deployment.compile_offline(obj, wishes, tokens)
            files = deployment.write_objects(compiled, Path(output_dir), log_history=log_execution_history)
            for file in files:
                obj.echo_always(str(file), err=False, no_bold=True)
            upload_if_wanted(obj, compiled.package, compiled.flow.flow, upload)
            return
        say(obj.echo, "Deploying *{}* to AWS Step Functions...", name, bold=True)
        deployment.deploy(obj, wishes, tokens, log_history=log_execution_history)
    say(
        obj.echo,
        "State Machine *{}* for flow *{}* pushed to AWS Step Functions successfully.\n",
        *(name, obj.flow.name),
        bold=True,
    )
    if obj.deployment_name.is_cut:
        obj.echo(
            "Note that the flow was deployed with a truncated name due to a length limit on AWS Step "
            "Functions. The original long name is stored in task metadata.\n"
        )
    deployment.tell_triggers(obj)


@step_functions.command(help="Show what a deployment would change; changes nothing.")
@token_options
@compile_options
@history_option
@click.pass_obj
def diff(
    obj: Any,
    authorize: str | None,
    generate_new_token: bool,
    given_token: str | None,
    log_execution_history: bool,
    compress_state_machine: bool,
    **options: Any,
) -> None:
    """Look and plan, without apply."""
    from ..common.tokens import TokenWishes
    from . import deployment

    with one_line():
        wishes = _wishes(obj, compress_state_machine, options)
        tokens = TokenWishes(authorize, given_token, generate_new_token)
        planned = deployment.plan_deployment(
            obj, wishes, tokens, log_history=log_execution_history, quiet=True
        )
        obj.echo_always(planned.changes.diff() or "Nothing would change.", err=False, no_bold=True)


@step_functions.command(help="Check that this flow can run on AWS Step Functions; asks and changes nothing.")
@compile_options
@click.pass_obj
def check(obj: Any, compress_state_machine: bool, **options: Any) -> None:
    """Compile, and look for what AWS would refuse."""
    from metaflow_provider.plan import Refusal

    from ..common.metadata_service import tell_local_metadata
    from . import deployment

    with one_line():
        compiled = deployment.compile_offline(obj, _wishes(obj, compress_state_machine, options))
        tell_local_metadata(obj)
        deployment.tell_missing_roles(obj, compiled)
        findings = compiled.flow.check()
        for finding in findings:
            obj.echo_always(str(finding), err=False, no_bold=True)
        errors = sum(finding.severity == "error" for finding in findings)
        if errors:
            raise Refusal(f"AWS would refuse the state machine: {errors} errors")
        plan, machine = compiled.flow.flow, compiled.flow.machine
        size = len(machine.to_json().encode())
        obj.echo_always(
            f"{plan.flow} can run on AWS Step Functions as {plan.name}: {len(plan.steps)} steps, "
            f"{sum(1 for _ in machine.walk())} states, {size} bytes",
            err=False,
            no_bold=True,
        )


@parameters.add_custom_parameters(deploy_mode=False)
@step_functions.command(help="Trigger the workflow on AWS Step Functions.")
@click.option("--run-id-file", default=None, type=str, help="Write the ID of this run to the file specified.")
@click.option("--deployer-attribute-file", default=None, type=str, hidden=True)
@click.pass_obj
def trigger(obj: Any, run_id_file: str | None, deployer_attribute_file: str | None, **options: Any) -> None:
    """Start a run of what is deployed."""
    from metaflow.metaflow_config import UI_URL

    from ..common.attribute_file import check_run_id_file, write_run, write_run_id
    from ..common.run_parameters import given_parameters
    from . import deployment

    name = obj.deployment_name.name
    with one_line():
        check_run_id_file(run_id_file)
        run = deployment.deployed_flow(obj).start(given_parameters(obj.flow, options))
    write_run_id(run_id_file, run.id)
    write_run(deployer_attribute_file, name, run.id, obj)
    say(obj.echo, "Workflow *{}* triggered on AWS Step Functions (run-id *{}*).", name, run.id, bold=True)
    if UI_URL:
        address = f"{UI_URL.rstrip('/')}/{obj.flow.name}/{run.id}"
        say(obj.echo, "See the run in the UI at {}", address, bold=True)


@step_functions.command(help="List all runs of the workflow on AWS Step Functions.")
@state_options("AWS Step Functions", STATES)
@click.option("--json", "as_json", is_flag=True, default=False, help="Print a JSON list.")
@click.pass_obj
def list_runs(obj: Any, as_json: bool, **flags: bool) -> None:
    """Print a line for every run."""
    from . import deployment

    wanted = [state for state in STATES if flags[state.lower()]]
    with one_line():
        runs = list(deployment.deployed_flow(obj).runs(*wanted))
    if as_json:
        obj.echo_always(json.dumps([_run_data(run) for run in runs]), err=False, no_bold=True)
        return
    for run in runs:
        _tell_run(obj, run)
    if not runs:
        states = " and ".join(", ".join(f"*{state}*" for state in wanted).rsplit(", ", 1))
        kind = f"{states} executions" if states else "executions"
        say(obj.echo, f"No {kind} for *{{}}* found on AWS Step Functions.", obj.deployment_name.name)


@step_functions.command(help="Show how a run is doing, and why it failed.")
@click.argument("run-id", required=True, type=str)
@click.option("--json", "as_json", is_flag=True, default=False, help="Print a JSON object.")
@click.pass_obj
def status(obj: Any, run_id: str, as_json: bool) -> None:
    """Print the status, and of a failed run the step, the reason and the end of its log."""
    from . import deployment

    with one_line():
        run = deployment.deployed_flow(obj).run(run_id)
        failure = run.failure()
    # AWS is not asked again: status and reason belong together.
    if as_json:
        data = {**_run_data(run), "failure": None if failure is None else str(failure)}
        obj.echo_always(json.dumps(data), err=False, no_bold=True)
        return
    obj.echo_always(run.known_status, err=False, no_bold=True)
    if failure is not None:
        say(obj.echo, "{}", failure)
        for line in failure.log:
            say(obj.echo, "{}", line, indent=True)


@step_functions.command(name="list", help="List the flows that are deployed to AWS Step Functions.")
@click.option("--all", "every", is_flag=True, default=False, help="Those of other flows, too.")
@click.option("--json", "as_json", is_flag=True, default=False, help="Print a JSON list.")
@click.pass_obj
def list_(obj: Any, every: bool, as_json: bool) -> None:
    """Print a line for every deployment."""
    from sfn import StepFunctions

    from .deployment import connect

    unread: list[Any] = []
    with one_line():
        found = list(StepFunctions.list("" if every else obj.flow.name, connect(), unread.append))
    if unread:
        count = f"{len(unread)} state machine{'s' if len(unread) > 1 else ''}"
        say(obj.echo, "{} could not be read, and may be missing here: {}", count, unread[0])
    if as_json:
        rows = [{"name": d.name, "flow": d.flow, "owner": d.owner} for d in found]
        obj.echo_always(json.dumps(rows), err=False, no_bold=True)
        return
    for deployed in found:
        obj.echo_always(f"{deployed.name}  {deployed.flow}  {deployed.owner}", err=False, no_bold=True)
    if not found:
        tell_nothing_found(obj.echo, obj.flow.name, every)


@step_functions.command(help="Delete a workflow")
@authorize_option
@click.pass_obj
def delete(obj: Any, authorize: str | None) -> None:
    """Remove the state machine and its schedule."""
    from . import deployment

    name = obj.deployment_name.name
    with one_line():
        deployed = deployment.authorized(obj, authorize, "delete")
        say(obj.echo, "Deleting AWS Step Functions state machine *{}*...", name, bold=True)
        deployed.delete(lambda change: tell_change(obj.echo, change))
    obj.echo(
        "Deleting the AWS Step Functions state machine may take a while. "
        "Deploying the flow again to AWS Step Functions while the delete is in-flight will fail."
    )
    obj.echo("In-flight executions end with their next state. If necessary, terminate them manually.")


@step_functions.command(help="Terminate flow execution on Step Functions.")
@authorize_option
@click.argument("run-id", required=True, type=str)
@click.pass_obj
def terminate(obj: Any, run_id: str, authorize: str | None) -> None:
    """End a run and its jobs."""
    from . import deployment

    with one_line():
        run = deployment.authorized(obj, authorize, "terminate RUN_ID").run(run_id)
        deployment.refuse_ended(run)
        say(obj.echo, "Terminating run *{}* for {} ...", run_id, obj.flow.name, bold=True)
        run.terminate()
        run.refresh()
    obj.echo(f"\nRun terminated at {run.stopped}.")


def _wishes(obj: Any, compress: bool, options: dict[str, Any]) -> Any:
    from metaflow.tagging_util import validate_tags

    from .compilation import SfnWishes

    validate_tags(options["tags"])
    if compress:
        obj.echo(
            "--compress-state-machine has no effect: commands are in job definitions, which leaves nothing "
            "to compress."
        )
    return SfnWishes(
        obj.deployment_name.name,
        tags=tuple(options["tags"] or ()),
        user_namespace=options["user_namespace"],
        batch_tags=tuple(options["aws_batch_tags"] or ()),
        max_workers=options["max_workers"],
        workflow_timeout=options["workflow_timeout"],
        distributed=options["use_distributed_map"],
    )


def _tell_run(obj: Any, run: Any) -> None:
    started = run.started.replace(microsecond=0)
    stopped = f" stoppedAt:'{run.stopped.replace(microsecond=0)}'" if run.stopped else ""
    say(obj.echo, "*{}* startedAt:'{}'{} *{}*", run.id, started, stopped, run.known_status)


def _run_data(run: Any) -> dict[str, Any]:
    return {
        "run_id": run.id,
        "status": run.known_status,
        "started": run.started.isoformat(),
        "stopped": run.stopped.isoformat() if run.stopped else None,
    }
