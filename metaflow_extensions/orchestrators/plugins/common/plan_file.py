"""The plan in a folder of objects, by which a folder of ours is told from another's."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from metaflow_provider.plan import FlowPlan, PlanError, Refusal, dumps, loads

PLAN_FILE = "plan.json"


def plan_text(plan: FlowPlan) -> str:
    """The content of the file."""
    return json.dumps(json.loads(dumps(plan)), indent=2, sort_keys=True) + "\n"


def check_folder(folder: Path, files: Iterable[str] = ()) -> None:
    """Refuse to write over files that are not ours.

    Args:
        folder: with a plan in it, its files are those of an earlier call.
        files: names that are to be written beside the plan.

    Raises:
        Refusal: there is something else under one of the names.
        OSError: the folder cannot be read.

    Example:
        >>> check_folder(Path("objects"), ["state-machine.json"])
    """
    plan = folder / PLAN_FILE
    try:
        loads(plan.read_text(encoding="utf-8", errors="replace"))
    except FileNotFoundError:
        foreign = [folder / name for name in files if (folder / name).exists()]
    except PlanError:
        foreign = [plan]
    else:
        return
    for file in foreign:
        raise Refusal(
            f"{file} is there already, and was not written by metaflow-orchestrators",
            remedy="choose another folder, or remove the file",
        )
