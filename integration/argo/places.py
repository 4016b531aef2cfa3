"""A folder of flows for a test, and `python train.py argo-workflows ...` on the cluster."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hera_bridge import Bundle, Kubernetes, Settings, compile_flow
from hera_bridge.clients import CRON_WORKFLOW, SECRET, WORKFLOW, WORKFLOW_TEMPLATE
from tests.flows import Ended, Place

# Of a first step whose pod never starts, so that its run stays as it is.
NEVER_STARTS = '@kubernetes(image="harness.local/nowhere:1", image_pull_policy="Never")'


def command(place: Place, name: str, *arguments: str, quiet: bool = False) -> Ended:
    """`python train.py argo-workflows [--name NAME] ARGUMENTS`."""
    named = [f"--name={name}"] if name else []
    return place.run(place.folder / "train.py", "argo-workflows", *named, *arguments, quiet=quiet)


def done(place: Place, name: str, *arguments: str) -> Ended:
    ended = command(place, name, *arguments)
    assert ended.status == 0, ended.err
    return ended


def reason(place: Place, name: str, *arguments: str) -> str:
    """Why a command is refused, which is one line."""
    ended = command(place, name, *arguments, quiet=True)
    assert (ended.status, ended.out) == (1, ""), ended.err
    return ended.said[-1]


def somebody_else(place: Place) -> Place:
    home = str(place.folder / "other_home")
    return replace(place, variables={**place.variables, "METAFLOW_USER": "other", "METAFLOW_HOME": home})


def by_stock(place: Place) -> Place:
    """The place of somebody who has Metaflow without this package."""
    return replace(place, variables={**place.variables, "METAFLOW_EXTENSIONS_SEARCH_DIRS": "/nonexistent"})


def contents(kubernetes: Kubernetes, name: str) -> dict[str, Any]:
    """Everything that a deployment's commands create, change or start, without what the controller adds."""
    found = {}
    for kind in (WORKFLOW_TEMPLATE, CRON_WORKFLOW, WORKFLOW, SECRET):
        for each in kubernetes.list(kind):
            if each["metadata"]["name"].startswith(name):
                found[f"{kind.name} {each['metadata']['name']}"] = each.get("spec") or each.get("data")
    return found


def compiled(place: Place, name: str, text: str) -> Bundle:
    """The objects of a flow whose code is in the datastore."""
    place.write(text)
    done(place, name, "create", "--output-dir", "objects")
    objects = place.folder / "objects"
    settings = Settings.from_json((objects / "settings.json").read_text())
    return compile_flow((objects / "plan.json").read_text(), settings)
