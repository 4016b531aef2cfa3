"""What containers fetch from the datastore: the code package, and the files of IncludeFile defaults."""

from __future__ import annotations

from typing import Any

from metaflow_provider.plan import FlowPlan, Refusal

from .code_package import BuiltPackage
from .datastore import check_reachable
from .included_files import upload_included_files
from .say import say


def upload(state: Any, package: BuiltPackage, plan: FlowPlan) -> None:
    """Put a flow's package and files into the datastore."""
    package.upload(state.flow_datastore)
    upload_included_files(plan, state.flow)


def upload_if_wanted(state: Any, package: BuiltPackage, plan: FlowPlan, is_wanted: bool) -> None:
    """As `upload`, if that is wanted and the datastore answers; else say what is missing."""
    problem = "" if is_wanted else "--no-upload was given"
    try:
        if is_wanted:
            check_reachable(state.flow_datastore)
    except Refusal as refusal:
        problem = str(refusal)
    if not problem:
        upload(state, package, plan)
        return
    say(
        state.echo,
        "The code package {} was not uploaded ({}); before a run, do the same without --no-upload where the "
        "datastore can be reached",
        *(package.description.url, problem),
    )
