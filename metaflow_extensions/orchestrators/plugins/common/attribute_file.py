"""The files by which Metaflow's Deployer, and users, learn what a command did."""

from __future__ import annotations

import json
import os
from typing import Any


def write_deployment(
    path: str | None, name: str, state: Any, additional_info: dict[str, Any] | None = None
) -> None:
    """Tell the Deployer what is being deployed: at once, before anything that is slow or may be refused.

    Args:
        path: of the file, if there is to be one.
        name: of the deployment.
        state: the `obj` of a click command of Metaflow's.
        additional_info: what else the Deployer is to know, where it waits for that.
    """
    told = {"name": name, "flow_name": state.flow.name, "metadata": state.metadata.metadata_str()}
    _write(path, {**told, **({"additional_info": additional_info} if additional_info else {})})


def write_run(path: str | None, name: str, run_id: str, state: Any) -> None:
    """Tell the Deployer which run was started."""
    pathspec = f"{state.flow.name}/{run_id}"
    _write(path, {"name": name, "metadata": state.metadata.metadata_str(), "pathspec": pathspec})


def check_run_id_file(path: str | None) -> None:
    """Refuse a file that cannot be written, before a run has been started that nobody would be told of.

    Raises:
        Refusal: its folder does not exist, or it cannot be written to.
    """
    from metaflow_provider.plan import Refusal

    if not path:
        return
    target = path if os.path.exists(path) else os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path) or not os.access(target, os.W_OK):
        raise Refusal(f"the file {path} for the run's id cannot be written", remedy="choose another")


def write_run_id(path: str | None, run_id: str) -> None:
    """Write the id of a run to the file that the user named."""
    if path:
        with open(path, "w", encoding="utf-8") as file:
            file.write(run_id)


def _write(path: str | None, content: dict[str, Any]) -> None:
    if path:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(content, file)
