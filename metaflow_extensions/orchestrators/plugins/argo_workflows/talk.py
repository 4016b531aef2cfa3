"""What the commands print: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hera_bridge.api import ArgoWorkflows
from hera_bridge.checks import ERROR
from hera_bridge.clients.yaml_text import to_yaml
from hera_bridge.handle import Deployment
from hera_bridge.runs import Run
from metaflow_provider.plan import Refusal

from ..common.say import say
from ..common.upload import upload_if_wanted
from .deployment import Compiled, Planned, connect, write_folder

PLAIN = {"err": False, "no_bold": True}
"""Options of Metaflow's echo for a result."""

# The version of Metaflow since which names are short.
_SHORT_NAMES_SINCE = "2.17"


def as_json(manifest: dict[str, Any]) -> str:
    """An object as JSON."""
    return json.dumps(manifest, indent=4)


def as_yaml(manifest: dict[str, Any]) -> str:
    """An object as YAML."""
    return to_yaml(manifest).rstrip("\n")


def write_objects(obj: Any, compiled: Compiled, folder: Path, is_upload_wanted: bool) -> None:
    """Write every object to a folder, print the files, and upload what pods fetch.

    Raises:
        Refusal: the folder cannot be written to.
    """
    for file in write_folder(compiled, folder):
        obj.echo_always(str(file), **PLAIN)
    say(obj.echo, "Deploy them with kubectl apply --kustomize {}", folder)
    if compiled.secrets.keys:
        say(
            obj.echo,
            "The Secret {} with the keys {} is not written: make it in the cluster before a run",
            *(compiled.secrets.name, ", ".join(compiled.secrets.keys)),
        )
    upload_if_wanted(obj, compiled.package, compiled.flow.flow, is_upload_wanted)


def tell_checked(obj: Any, compiled: Compiled) -> None:
    """Print what Argo Workflows would refuse.

    Raises:
        Refusal: it would refuse something.
    """
    findings = compiled.check()
    for finding in findings:
        obj.echo_always(str(finding), **PLAIN)
    errors = sum(finding.severity == ERROR for finding in findings)
    if errors:
        raise Refusal(f"Argo Workflows would refuse the flow: {errors} errors")
    bundle, plan = compiled.flow.bundle, compiled.flow.flow
    size = len(json.dumps(compiled.template, separators=(",", ":")).encode())
    obj.echo_always(
        f"{plan.flow} can run on Argo Workflows as {plan.name}: {len(plan.steps)} steps, "
        f"{len(bundle.workflow_template.templates)} templates, {size} bytes",
        **PLAIN,
    )


def tell_deployed(obj: Any, planned: Planned) -> None:
    """Say what was deployed, under which name, where to look and what starts it."""
    name = obj.deployment_name
    say(
        obj.echo,
        "Workflow *{}* for flow *{}* deployed to Argo Workflows successfully.\n",
        *(name.name, obj.flow.name),
        bold=True,
    )
    if name.is_cut:
        obj.echo(
            "Note that the flow was deployed with a modified name due to Kubernetes naming conventions on "
            "Argo Workflows. The original flow name is stored in the workflow annotations.\n"
        )
    if planned.replaced:
        obj.echo(
            "Important! To comply with new naming restrictions on Argo Workflows, this deployment replaced "
            f"the previously deployed workflow {planned.replaced}.\n"
        )
    if name.has_other_old_name:
        obj.echo(
            "Warning! Due to new naming restrictions on Argo Workflows, re-deploying this flow with older "
            f"versions of Metaflow (<{_SHORT_NAMES_SINCE}) will result in the flow being deployed with a "
            f"different name - *{name.old}* without replacing the version you just deployed. This may result "
            "in duplicate executions of this flow. To avoid this issue, always deploy this flow using "
            f"Metaflow ≥{_SHORT_NAMES_SINCE} or specify the flow name with --name."
        )
    address = _argo_address("workflow-templates", name.name)
    if address:
        obj.echo("See the deployed workflow here:", bold=True)
        say(obj.echo, "{}\n\n", address, indent=True)
    _tell_triggers(obj, planned.compiled.flow.translator.settings.suspended)


def tell_old_name(obj: Any, deployed: Deployment) -> None:
    """Warn of a deployment from before names became short."""
    if deployed.name == obj.deployment_name.name:
        return
    obj.echo(
        "Warning! Found a deployment of this flow with an old style name, defaulted to triggering "
        f"*{deployed.name}*."
    )
    obj.echo(
        "Due to new naming restrictions on Argo Workflows, this flow will have a shorter name with newer "
        f"versions of Metaflow (>={_SHORT_NAMES_SINCE}) which will allow it to be triggered through Argo UI "
        "as well. "
    )
    obj.echo("re-deploy your flow in order to get rid of this message.")


def tell_where(obj: Any, run: Run) -> None:
    """Say where a run can be looked at, as far as addresses are configured."""
    from metaflow.metaflow_config import UI_URL

    argo = _argo_address("workflows", run.name)
    own = f"{UI_URL.rstrip('/')}/{obj.flow.name}/{run.id}" if UI_URL else ""
    if own and argo:
        text = "See the run in the UI at {}\nand in the Argo Workflows UI at {}"
        say(obj.echo, text, own, argo, bold=True)
    elif argo:
        say(obj.echo, "See the run in the Argo Workflows UI at {}", argo, bold=True)
    elif own:
        say(obj.echo, "See the run in the UI at {}", own, bold=True)


def deployments(obj: Any, every: bool) -> list[Deployment]:
    """What is deployed of the flow, or of all flows.

    Raises:
        ArgoError: a call failed.
    """
    return list(ArgoWorkflows.list("" if every else obj.flow.name, connect()))


def run_line(run: Run) -> str:
    """A run in a list."""
    stopped = f" stoppedAt:'{run.stopped}'" if run.stopped else ""
    return f"{run.id} startedAt:'{run.started}'{stopped} {run.known_status}"


def run_data(run: Run, status: str) -> dict[str, Any]:
    """A run as JSON data."""
    return {
        "run_id": run.id,
        "status": status,
        "suspended": run.is_suspended,
        "started": run.started.isoformat(),
        "stopped": run.stopped.isoformat() if run.stopped else None,
    }


def _tell_triggers(obj: Any, is_suspended: bool) -> None:
    obj.echo("What will trigger execution of the workflow:", bold=True)
    schedules = obj.flow._flow_decorators.get("schedule")
    if not schedules or not schedules[0].schedule:
        obj.echo("No triggers defined. You need to launch this workflow manually.", indent=True)
        return
    if is_suspended:
        text = "Nothing as long as the CronWorkflow *{}* is suspended."
        say(obj.echo, text, obj.deployment_name.name, indent=True)
        return
    text = "This workflow triggers automatically via the CronWorkflow *{}*."
    say(obj.echo, text, obj.deployment_name.name, indent=True)


def _argo_address(kind: str, name: str) -> str:
    from metaflow.metaflow_config import ARGO_WORKFLOWS_UI_URL, KUBERNETES_NAMESPACE

    if not ARGO_WORKFLOWS_UI_URL:
        return ""
    return f"{ARGO_WORKFLOWS_UI_URL.rstrip('/')}/{kind}/{KUBERNETES_NAMESPACE}/{name}"
