"""What a fresh process measured as it loaded DAGs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from integration.bench.workplace import output


@dataclass(frozen=True)
class Loaded:
    """One load.

    Attributes:
        seconds: in a process that has imported Airflow.
        again: once more in the same process.
        megabytes: by which the process grew.
        serialised: bytes in Airflow's database.
        dags: how many there were.
        not_up_to_date: how many of them are last good plans.
        imported: which of the slow packages came along.
    """

    seconds: float
    again: float
    megabytes: float
    serialised: int
    dags: int
    not_up_to_date: int
    imported: tuple[str, ...]


def load(path: Path, env: Mapping[str, str]) -> Loaded:
    """Load a DAG file, or all of a folder, in a fresh process."""
    command = [sys.executable, "-m", "integration.bench.dag_probe", str(path)]
    line = json.loads(output(command, env).splitlines()[-1])
    return Loaded(**{**line, "imported": tuple(line["imported"])})


def quickest(paths: Sequence[Path], env: Mapping[str, str], times: int) -> list[Loaded]:
    """The quickest load of each path; they take turns, so that a busy machine slows all of them alike."""
    rounds = [[load(path, env) for path in paths] for _ in range(times)]
    return [min(loads, key=lambda loaded: loaded.seconds) for loads in zip(*rounds, strict=True)]
