"""`python flow.py airflow ...`: options and talk; the work is done elsewhere, imported when it is needed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from metaflow._vendor import click

from ..common.options import run_options, token_options, with_options


@click.group()
def cli() -> None:
    """Holds the group below, as Metaflow's plugins want it."""


@cli.group(help="Commands related to Airflow.")
@click.option(
    "--name",
    default=None,
    type=str,
    help="Airflow DAG name. The flow name is used instead if this option is not specified",
)
@click.pass_obj
def airflow(obj: Any, name: str | None = None) -> None:
    """Check the flow and find out what it is called on Airflow."""
    from ..common.naming import resolve_name
    from .deployment import AIRFLOW_NAMES

    obj.check(obj.graph, obj.flow, obj.environment, pylint=obj.pylint)
    obj.deployment_name = resolve_name(name, AIRFLOW_NAMES)


plan_options = with_options(
    run_options("Airflow"),
    click.option(
        "--max-workers",
        default=100,
        show_default=True,
        type=int,
        help="Maximum number of tasks of a run at a time.",
    ),
    click.option(
        "--workflow-timeout",
        default=None,
        type=int,
        help="Timeout of a run in seconds, scheduled or not.",
    ),
    click.option(
        "--worker-pool",
        default=None,
        show_default=True,
        help="Worker pool for Airflow DAG execution.",
    ),
    click.option(
        "--backend",
        default="auto",
        show_default=True,
        type=click.Choice(["auto", "process", "kubernetes"]),
        help="Where steps run: processes of the Airflow worker, or pods. "
        "auto is processes until pods are there.",
    ),
)
"""The options that every command takes which compiles the flow."""


@airflow.command(help="Compile a new version of this flow to Airflow DAG.")
@click.argument("file", required=True)
@token_options
@plan_options
@click.option(
    "--is-paused-upon-creation",
    default=False,
    is_flag=True,
    help="Generated Airflow DAG is paused/unpaused upon creation.",
)
@click.option("--force", default=False, is_flag=True, help="Replace FILE even if it was not generated.")
@click.pass_obj
def create(
    obj: Any,
    file: str,
    authorize: str | None,
    generate_new_token: bool,
    given_token: str | None,
    is_paused_upon_creation: bool,
    force: bool,
    **wishes: Any,
) -> None:
    """Compile, upload the code package, keep the token, write the file: in this order, checks first."""
    from ..common.errors import refusals
    from ..common.say import say
    from ..common.tokens import TokenWishes
    from . import dag_file
    from .deployment import AirflowWishes, compile_flow

    with refusals():
        target = Path(file)
        dag_file.check_target(target, Path(sys.argv[0]), force)
        say(obj.echo, "Compiling *{}* to Airflow DAG...", obj.deployment_name.name, bold=True)
        tokens = TokenWishes(authorize, given_token, generate_new_token)
        compiled = compile_flow(obj, AirflowWishes(tokens=tokens, paused=is_paused_upon_creation, **wishes))
        compiled.publish(obj)
        changed = dag_file.write(target, dag_file.render(compiled.plan, compiled.dag_options))
        say(
            obj.echo,
            "DAG *{}* for flow *{}* compiled to Airflow successfully{}.\n",
            *(compiled.plan.name, compiled.plan.flow, "" if changed else "; the file is unchanged"),
            bold=True,
        )
        compiled.advise(obj, target)


@airflow.command(help="Compile this flow and print its plan, which Airflow's DAG factory loads.")
@click.option("--out", default=None, type=str, help="Write the plan to this file instead.")
@click.option("--upload/--no-upload", default=True, show_default=True, help="Upload the code package.")
@token_options
@plan_options
@click.pass_obj
def plan(
    obj: Any,
    out: str | None,
    upload: bool,
    authorize: str | None,
    generate_new_token: bool,
    given_token: str | None,
    **wishes: Any,
) -> None:
    """Compile, publish unless told not to, print."""
    from metaflow_provider.plan import dumps

    from ..common.errors import refusals
    from ..common.tokens import TokenWishes
    from . import dag_file
    from .deployment import AirflowWishes, compile_flow

    with refusals():
        if out is not None:
            dag_file.check_target(Path(out), Path(sys.argv[0]), force=False)
        tokens = TokenWishes(authorize, given_token, generate_new_token)
        compiled = compile_flow(obj, AirflowWishes(tokens=tokens, **wishes), include_files=upload)
        compiled.tell_unused(obj)
        if upload:
            compiled.publish(obj)
        else:
            obj.echo("Nothing was uploaded: tasks of this plan find no code until `airflow plan` uploads it.")
        if out is None:
            obj.echo_always(dumps(compiled.plan), err=False, no_bold=True, nl=False)
        else:
            dag_file.write(Path(out), dumps(compiled.plan))


@airflow.command(help="Check that this flow can run on Airflow; changes nothing.")
@plan_options
@click.pass_obj
def check(obj: Any, **wishes: Any) -> None:
    """Everything that `create` would refuse, without its effects."""
    from ..common.errors import refusals
    from ..common.tokens import TokenWishes
    from .deployment import AirflowWishes, check_flow

    with refusals():
        summary = check_flow(obj, AirflowWishes(tokens=TokenWishes(), **wishes))
        obj.echo_always(summary, err=False, no_bold=True)
