"""`python flow.py argo-workflows ...`: options and talk; the work is done elsewhere, imported when needed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from metaflow import parameters
from metaflow._vendor import click

from ..common.options import state_options, token_options
from ..common.say import say, tell_change, tell_nothing_found
from .options import authorize_option, compile_options, run_argument
from .states import STATES


@click.group()
def cli() -> None:
    """Holds the group below, as Metaflow's plugins want it."""


@cli.group(name="argo-workflows", help="Commands related to Argo Workflows.")
@click.option(
    "--name",
    default=None,
    type=str,
    help="Argo Workflow name. The flow name is used instead if this option is not specified.",
)
@click.pass_context
def argo_workflows(context: Any, name: str | None = None) -> None:
    """Check the flow and find out what it is called on Argo Workflows."""
    obj = context.obj
    obj.check(obj.graph, obj.flow, obj.environment, pylint=obj.pylint)
    if context.invoked_subcommand == heartbeat.name:  # in a container, where this package's engines are not
        return
    from ..common.own_packages import check_not_hidden
    from .naming import resolve_workflow_name

    check_not_hidden("hera_bridge")
    obj.deployment_name = resolve_workflow_name(name)


@contextmanager
def one_line() -> Iterator[None]:
    """Within it, refusals and what the cluster says are one line, with exit status 1."""
    from hera_bridge.clients import ArgoError

    from ..common.errors import refusals

    with refusals(ArgoError):
        yield


@argo_workflows.command(help="Deploy a new version of this workflow to Argo Workflows.")
@token_options
@compile_options
@click.option(
    "--only-json",
    is_flag=True,
    default=False,
    help="Only print out JSON sent to Argo Workflows. Asks and changes nothing in the cluster.",
)
@click.option("--only-yaml", is_flag=True, default=False, help="The same as YAML.")
@click.option(
    "--output-dir",
    default=None,
    type=str,
    help="Write every object of the deployment to a file in this folder instead. Needs no cluster, but for "
    "the datastore.",
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
    only_json: bool,
    only_yaml: bool,
    output_dir: str | None,
    upload: bool,
    deployer_attribute_file: str | None,
    **options: Any,
) -> None:
    """Compile, then print, write or deploy."""
    from ..common.attribute_file import write_deployment
    from ..common.options import check_output_options
    from ..common.tokens import TokenWishes
    from . import deployment, talk

    name = obj.deployment_name.name
    if not only_json:
        write_deployment(deployer_attribute_file, name, obj)
    obj.deployment_name.check_length()
    tokens = TokenWishes(authorize, given_token, generate_new_token)
    with one_line():
        check_output_options({"--only-json": only_json, "--only-yaml": only_yaml}, output_dir, upload)
        wishes = _wishes(obj, options)
        if only_json or only_yaml:
            template = deployment.compile_offline(obj, wishes, tokens).template
            if only_json:
                write_deployment(deployer_attribute_file, name, obj, {"workflow_template": template})
            obj.echo("Nothing was uploaded or deployed.")
            obj.echo_always(talk.as_yaml(template) if only_yaml else talk.as_json(template), **talk.PLAIN)
            return
        if output_dir is not None:
            compiled = deployment.compile_offline(obj, wishes, tokens)
            talk.write_objects(obj, compiled, Path(output_dir), upload)
            return
        say(obj.echo, "Deploying *{}* to Argo Workflows...", obj.flow.name, bold=True)
        planned = deployment.deploy(obj, wishes, tokens)
    talk.tell_deployed(obj, planned)


@argo_workflows.command(help="Show what a deployment would change; changes nothing.")
@token_options
@compile_options
@click.pass_obj
def diff(
    obj: Any, authorize: str | None, generate_new_token: bool, given_token: str | None, **options: Any
) -> None:
    """Look and plan, without apply."""
    from ..common.tokens import TokenWishes
    from . import deployment, talk

    obj.deployment_name.check_length()
    with one_line():
        tokens = TokenWishes(authorize, given_token, generate_new_token)
        planned = deployment.plan_deployment(obj, _wishes(obj, options), tokens, quiet=True)
        obj.echo_always(planned.changes.diff() or "Nothing would change.", **talk.PLAIN)


@argo_workflows.command(help="Check that this flow can run on Argo Workflows; asks and changes nothing.")
@compile_options
@click.pass_obj
def check(obj: Any, **options: Any) -> None:
    """Compile, and look for what Argo Workflows or Kubernetes would refuse."""
    from ..common.metadata_service import tell_local_metadata
    from . import deployment, talk

    obj.deployment_name.check_length()
    with one_line():
        compiled = deployment.compile_offline(obj, _wishes(obj, options))
        tell_local_metadata(obj)
        talk.tell_checked(obj, compiled)


@parameters.add_custom_parameters(deploy_mode=False)
@argo_workflows.command(help="Trigger the workflow on Argo Workflows.")
@click.option("--run-id-file", default=None, type=str, help="Write the ID of this run to the file specified.")
@click.option("--deployer-attribute-file", default=None, type=str, hidden=True)
@click.pass_obj
def trigger(obj: Any, run_id_file: str | None, deployer_attribute_file: str | None, **options: Any) -> None:
    """Start a run of what is deployed."""
    from ..common.attribute_file import check_run_id_file, write_run, write_run_id
    from ..common.run_parameters import given_parameters
    from . import deployment, talk

    with one_line():
        check_run_id_file(run_id_file)
        deployed = deployment.deployed_flow(obj)
        talk.tell_old_name(obj, deployed)
        run = deployment.start(obj, deployed, given_parameters(obj.flow, options))
    write_run_id(run_id_file, run.id)
    write_run(deployer_attribute_file, deployed.name, run.id, obj)
    say(
        obj.echo, "Workflow *{}* triggered on Argo Workflows (run-id *{}*).", deployed.name, run.id, bold=True
    )
    talk.tell_where(obj, run)


@argo_workflows.command(help="List all runs of the workflow on Argo Workflows.")
@state_options("Argo Workflows", STATES)
@click.option("--json", "as_json", is_flag=True, default=False, help="Print a JSON list.")
@click.pass_obj
def list_runs(obj: Any, as_json: bool, **flags: bool) -> None:
    """Print a line for every run, the latest first."""
    from . import deployment, talk

    wanted = [state for state in STATES if flags[state.lower()]]
    with one_line():
        runs = list(deployment.deployed_flow(obj).runs(*wanted))
    if as_json:
        obj.echo_always(json.dumps([talk.run_data(run, run.known_status) for run in runs]), **talk.PLAIN)
        return
    for run in runs:
        obj.echo_always(talk.run_line(run), **talk.PLAIN)
    if not runs:
        states = " and ".join(", ".join(f"*{state}*" for state in wanted).rsplit(", ", 1))
        kind = f"{states} runs" if states else "runs"
        say(obj.echo, f"No {kind} for *{{}}* found on Argo Workflows.", obj.deployment_name.name)


@argo_workflows.command(help="Fetch flow execution status on Argo Workflows.")
@run_argument
@click.option("--json", "as_json", is_flag=True, default=False, help="Print a JSON object.")
@click.pass_obj
def status(obj: Any, run_id: str, as_json: bool) -> None:
    """Print the status, and of a failed run the step, the reason and the end of its log."""
    from . import runs, talk

    say(obj.echo, "Fetching status for run *{}* for {} ...", run_id, obj.flow.name, bold=True)
    with one_line():
        run = runs.find_run(obj, run_id)
        shown = runs.shown_status(run, obj.flow.name)
        failure = run.failure()
    if as_json:
        data = {**talk.run_data(run, shown), "failure": None if failure is None else str(failure)}
        obj.echo_always(json.dumps(data), **talk.PLAIN)
        return
    obj.echo_always(shown.capitalize(), **talk.PLAIN)
    if run.is_suspended and failure is None and shown != "SUCCEEDED":
        say(obj.echo, "It is suspended; argo-workflows unsuspend {} lets it go on.", run_id)
    if failure is not None:
        say(obj.echo, "{}", failure)
        for line in failure.log:
            say(obj.echo, "{}", line, indent=True)


@argo_workflows.command(help="Show the ends of the logs of a run's tasks.")
@run_argument
@click.option("--step", default=None, type=str, help="Show those of this step only.")
@click.option("--lines", default=100, show_default=True, type=int, help="How many lines of each task.")
@click.pass_obj
def logs(obj: Any, run_id: str, step: str | None, lines: int) -> None:
    """Print a heading and the last lines of every pod."""
    from metaflow_provider.plan import Refusal

    from . import runs, talk

    with one_line():
        if lines < 1:
            raise Refusal(f"--lines {lines} would show nothing", remedy="give at least 1")
        found = list(runs.logs(runs.find_run(obj, run_id), step, lines))
    for log in found:
        say(obj.echo, "{} ({})", log.task.name, log.task.pod, bold=True)
        for line in log.lines:
            obj.echo_always(line, **talk.PLAIN)
    if not found:
        say(obj.echo, "No task of *{}* has begun." if step else "No task of the run has begun.", step)


@argo_workflows.command(name="list", help="List the flows that are deployed to Argo Workflows.")
@click.option("--all", "every", is_flag=True, default=False, help="Those of other flows, too.")
@click.option("--json", "as_json", is_flag=True, default=False, help="Print a JSON list.")
@click.pass_obj
def list_(obj: Any, every: bool, as_json: bool) -> None:
    """Print a line for every deployment."""
    from . import talk

    with one_line():
        found = talk.deployments(obj, every)
    if as_json:
        rows = [{"name": d.name, "flow": d.flow, "owner": d.owner} for d in found]
        obj.echo_always(json.dumps(rows), **talk.PLAIN)
        return
    for deployed in found:
        obj.echo_always(f"{deployed.name}  {deployed.flow}  {deployed.owner}", **talk.PLAIN)
    if not found:
        tell_nothing_found(obj.echo, obj.flow.name, every)


@argo_workflows.command(help="List Argo Workflow templates for the flow.")
@click.option(
    "--all",
    "every",
    default=False,
    is_flag=True,
    help="list all Argo Workflow Templates (not just limited to this flow)",
)
@click.pass_obj
def list_workflow_templates(obj: Any, every: bool) -> None:
    """Print the name of every WorkflowTemplate."""
    from . import talk

    with one_line():
        for deployed in talk.deployments(obj, every):
            obj.echo_always(deployed.name, **talk.PLAIN)


@argo_workflows.command(help="Delete the flow on Argo Workflows.")
@authorize_option("deletion")
@click.pass_obj
def delete(obj: Any, authorize: str | None) -> None:
    """Remove the WorkflowTemplate and what starts it."""
    from . import deployment

    with one_line():
        found = deployment.deployed_flows(obj)
        if obj.deployment_name.has_other_old_name and found[0].name == obj.deployment_name.old:
            obj.echo(
                "This flow has been deployed with another name in the past due to a limitation with Argo "
                "Workflows. Will also delete the older deployment."
            )
        for deployed in found:
            deployment.authorize_deletion(obj, deployed, authorize)
        for deployed in found:
            say(obj.echo, "Deleting workflow *{}*...", deployed.name, bold=True)
            deployed.delete(lambda change: tell_change(obj.echo, change))
    obj.echo(
        "Deleting Kubernetes resources may take a while. "
        "Deploying the flow again to Argo Workflows while the delete is in-flight will fail."
    )
    obj.echo("In-flight executions will not be affected. If necessary, terminate them manually.")


@argo_workflows.command(help="Suspend flow execution on Argo Workflows.")
@authorize_option("suspension")
@run_argument
@click.pass_obj
def suspend(obj: Any, run_id: str, authorize: str | None) -> None:
    """Let a run start no more tasks."""
    from . import runs

    with one_line():
        runs.authorized_run(obj, run_id, authorize, "suspend RUN_ID").suspend()
    say(obj.echo, "Suspended execution of *{}*", run_id)


@argo_workflows.command(help="Unsuspend flow execution on Argo Workflows.")
@authorize_option("unsuspend")
@run_argument
@click.pass_obj
def unsuspend(obj: Any, run_id: str, authorize: str | None) -> None:
    """Let a run go on."""
    from . import runs

    with one_line():
        runs.authorized_run(obj, run_id, authorize, "unsuspend RUN_ID").unsuspend()
    say(obj.echo, "Unsuspended execution of *{}*", run_id)


@argo_workflows.command(help="Terminate flow execution on Argo Workflows.")
@authorize_option("termination")
@run_argument
@click.pass_obj
def terminate(obj: Any, run_id: str, authorize: str | None) -> None:
    """End a run and its pods."""
    from . import runs

    with one_line():
        run = runs.authorized_run(obj, run_id, authorize, "terminate RUN_ID")
        say(obj.echo, "Terminating run *{}* for {} ...", run_id, obj.flow.name, bold=True)
        run.terminate()
    obj.echo("\nRun terminated.")


@argo_workflows.command(hidden=True, help="start heartbeat process for a run")
@click.option("--run_id", required=True, type=str)
@click.option("--tag", "tags", multiple=True, default=None, help="Tags of the run.")
@click.pass_obj
def heartbeat(obj: Any, run_id: str, tags: tuple[str, ...] | None) -> None:
    """Tell the metadata service that the run is alive, until somebody ends this."""
    import threading

    # The first task may not have registered the run yet.
    obj.metadata.register_run_id(run_id, tags)
    obj.metadata.start_run_heartbeat(obj.flow.name, run_id)
    threading.Event().wait()


def _wishes(obj: Any, options: dict[str, Any]) -> Any:
    from metaflow.tagging_util import validate_tags

    from .options import wishes_of

    validate_tags(options["tags"])
    return wishes_of(obj.deployment_name.name, options)
