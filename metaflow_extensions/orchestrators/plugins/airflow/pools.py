"""Whether a worker pool exists, where an Airflow can be asked."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable

from metaflow_provider.plan import Refusal

from ..common.say import say

_TIMEOUT_SECONDS = 60


def check_pool(pool: str, echo: Callable[..., None]) -> None:
    """Refuse a pool that the Airflow on PATH does not have; say so where none can be asked.

    Raises:
        Refusal: the pool does not exist: Airflow would never start the tasks.
    """
    pools = _pools()
    if pools is None:
        say(
            echo,
            "No Airflow could be asked here whether the pool *{}* exists: its tasks wait until it does.",
            pool,
        )
    elif pool not in pools:
        raise Refusal(
            f"the worker pool {pool!r} does not exist in Airflow, which has {', '.join(sorted(pools))}",
            remedy=f"create it (airflow pools set {pool} SLOTS DESCRIPTION) or choose another",
        )


def _pools() -> set[str] | None:
    command = shutil.which("airflow")
    if command is None:
        return None
    try:
        answer = subprocess.run(
            [command, "pools", "list", "--output", "json"],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
        return {row["pool"] for row in json.loads(answer.stdout[answer.stdout.index("[") :])}
    except (ValueError, KeyError, subprocess.TimeoutExpired):
        return None
