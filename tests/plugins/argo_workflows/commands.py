"""`python train.py argo-workflows ...` in a place, each command in a process of its own."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from tests.flows import Ended, Place


def command(place: Place, *arguments: str, name: str = "", before: tuple[str, ...] = ()) -> Ended:
    """`python train.py BEFORE argo-workflows [--name NAME] ARGUMENTS`."""
    named = [f"--name={name}"] if name else []
    return place.run(place.folder / "train.py", *before, "argo-workflows", *named, *arguments, quiet=False)


def done(place: Place, *arguments: str, name: str = "", before: tuple[str, ...] = ()) -> Ended:
    ended = command(place, *arguments, name=name, before=before)
    assert ended.status == 0, ended.err
    return ended


def refused(place: Place, *arguments: str, name: str = "") -> str:
    """The reason, after a check that it is one line and that no file has changed."""
    files = place.files()
    named = [f"--name={name}"] if name else []
    ended = place.run(place.folder / "train.py", "argo-workflows", *named, *arguments)
    assert (ended.status, ended.out) == (1, ""), ended.err
    assert place.files() == files
    return ended.reason


def template(place: Place, *options: str, before: tuple[str, ...] = ()) -> dict[str, Any]:
    """The WorkflowTemplate that would be deployed."""
    found: dict[str, Any] = json.loads(done(place, "create", "--only-json", *options, before=before).out)
    return found


def container(manifest: dict[str, Any], step: str) -> dict[str, Any]:
    """The container of a step's own template."""
    [found] = [
        each
        for each in manifest["spec"]["templates"]
        if each.get("metadata", {}).get("annotations", {}).get("metaflow/step_name") == step
    ]
    inside: dict[str, Any] = found["container"]
    return inside


def without(place: Place, *names: str, **changed: str) -> Place:
    """The place without some variables, and with others."""
    kept = {name: value for name, value in place.variables.items() if name not in names}
    return replace(place, variables={**kept, **changed})
