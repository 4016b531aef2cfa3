"""What moto 5.2.5's interpreter of Amazon States Language lacks, filled in: one group of gaps a file.

moto's interpreter is LocalStack's, which its authors compare with AWS by snapshots: it stays the judge of
what a definition means. A file here replaces single functions of it, each with the gap that it fills as its
docstring; `replacing.py` refuses to replace what the pinned version does not have.
"""

from __future__ import annotations

import importlib
from importlib.metadata import version

from integration.harness.sfn.batch.service import Batch
from integration.harness.sfn.faults import Faults
from integration.harness.sfn.interpreter.replacing import check_bindings

PINNED = "5.2.5"

# In this order: the first two replace functions that other modules of moto bind when they are imported.
FILES = (
    "jsonpath",
    "clients",
    "jsonata",
    "grammar",
    "names_of_errors",
    "parameters",
    "programs",
    "waiting",
    "history",
    "iterations",
    "map_runs",
    "item_batches",
    "map_results",
    "batch_jobs",
    "nested",
    "machines",
    "executions",
    "schedules",
)


def install(batch: Batch, faults: Faults) -> None:
    """Fill the gaps in this process, before moto has loaded its interpreter.

    Args:
        batch: where states submit their jobs.
        faults: what is planned for them.

    Raises:
        RuntimeError: moto is of another version.
    """
    if version("moto") != PINNED:
        raise RuntimeError(
            f"the Step Functions harness is written for moto {PINNED}, found {version('moto')}"
        )
    for name in FILES:
        importlib.import_module(f"{__name__}.{name}")
    from integration.harness.sfn.interpreter.batch_jobs import connect

    check_bindings()
    connect(batch, faults)
