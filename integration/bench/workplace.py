"""Where the bench works: Airflow homes on a local and an S3 datastore, flows, and how processes are timed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from integration.harness.airflow.home import AirflowHome
from integration.harness.process import ROOT


@dataclass(frozen=True)
class Workplace:
    """Folders and environments that all measurements share.

    Attributes:
        folder: for the files of the measurements.
        local: Airflow whose flows use a local datastore.
        s3: Airflow whose flows use an S3 server on loopback; stock's `airflow create` takes no local one.
    """

    folder: Path
    local: AirflowHome
    s3: AirflowHome

    def subfolder(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir()
        return path


def stock(env: Mapping[str, str]) -> dict[str, str]:
    """The environment with no Metaflow extension loaded."""
    return {**env, "METAFLOW_EXTENSIONS_SEARCH_DIRS": os.devnull}


def create(flow: Path, target: Path, env: Mapping[str, str]) -> float:
    """`python flow.py airflow create`; returns its seconds."""
    command = [sys.executable, flow.name, "--quiet", "--no-pylint", "airflow", "create", str(target)]
    return timed(command, env, flow.parent)


def timed(command: Sequence[str], env: Mapping[str, str], cwd: Path = ROOT) -> float:
    """Seconds that a command takes.

    Raises:
        RuntimeError: it failed; the message ends with what it said.
    """
    started = time.perf_counter()
    output(command, env, cwd)
    return time.perf_counter() - started


def output(command: Sequence[str], env: Mapping[str, str], cwd: Path = ROOT) -> str:
    """What a command writes to stdout; raises what `timed` raises."""
    done = subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return done.stdout
