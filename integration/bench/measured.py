"""`python -m integration.bench.measured FOLDER COMMAND...`: prints a command's seconds and memory as JSON."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from integration.bench.workplace import output
from integration.harness.process import ROOT


@dataclass(frozen=True)
class Measured:
    """What a command took: seconds, and MB of memory at its peak, that of processes it started included."""

    seconds: float
    megabytes: float
    stdout: str


def measured(command: Sequence[str], env: Mapping[str, str], cwd: Path) -> Measured:
    """Run a command in a process of its own, whose children are the command's alone."""
    wrapper = [sys.executable, "-m", "integration.bench.measured", str(cwd), *command]
    return Measured(**json.loads(output(wrapper, {**env, "PYTHONPATH": str(ROOT)})))


def main() -> None:
    started = time.perf_counter()
    # The command must not find this repository by the path that found this module.
    done = subprocess.run(
        ["env", "-u", "PYTHONPATH", *sys.argv[2:]], cwd=sys.argv[1], capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(done.stderr[-4000:])
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    taken = {"seconds": time.perf_counter() - started, "megabytes": peak, "stdout": done.stdout}
    print(json.dumps(taken))


if __name__ == "__main__":
    main()
