"""Commands of flows, as an engine's user gives them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from integration.conformance.corpus import CASES, Case, parameter_options, placed
from integration.conformance.reference import MAX_NUM_SPLITS


class CommandFailed(RuntimeError):
    """A command, or a run, ended otherwise than it should; the message says what was said."""


def run(arguments: list[str], env: Mapping[str, str], folder: Path) -> str:
    """What a command prints; raises `CommandFailed` with the end of what it said when it fails."""
    done = subprocess.run(arguments, env=env, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise CommandFailed(f"{' '.join(arguments[1:4])} failed:\n{(done.stdout + done.stderr)[-4000:]}")
    return done.stdout


def run_what_is_needed(case: Case, env: Mapping[str, str], folder: Path) -> None:
    """Run, by `python flow.py run`, what a case reads results of."""
    for needed in case.needs:
        other = CASES[needed]
        given = [f"--max-num-splits={MAX_NUM_SPLITS}", *parameter_options(other.parameters)]
        run([sys.executable, str(placed(other, folder)), "--no-pylint", "run", *given], env, folder)
