"""A step on the process backend, beside Metaflow's own `step` command with the same inputs."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from integration.bench.flows import write_flow
from integration.bench.workplace import Workplace, create, output, timed
from integration.harness.process import ROOT

TIMES = 7
STEP = "step_1"
COUNTING = ROOT / "integration" / "bench" / "counting"
_RUNTIME = "metaflow_extensions.orchestrators.runtime.task"


@dataclass(frozen=True)
class Measured:
    """Seconds of the quickest of several tasks, and what of Python one task started.

    Attributes:
        own: the `step` command, or the runtime of this package.
        metaflow: Metaflow's own starts, such as its S3 client's, by script.
    """

    seconds: float
    own: float
    metaflow: dict[str, float]

    def starts(self) -> str:
        """Such as `1, and Metaflow's 1 s3op.py`."""
        others = ", ".join(f"{count:g} {name}" for name, count in sorted(self.metaflow.items()))
        return f"{self.own:g}" + (f", and Metaflow's {others}" if others else "")


def measure(place: Workplace) -> Iterator[Table]:
    table = Table(title=f"A task on the process backend, and Metaflow's `step` by hand (best of {TIMES})")
    for column in ("datastore", "by hand", "here", "overhead", "target"):
        table.add_column(column, justify="left" if column in ("datastore", "target") else "right")
    table.add_column("Python starts by hand")
    table.add_column("Python starts here")
    for store, env in (("local", place.local.env), ("s3", place.s3.env)):
        hand, here = _measure_on(place.subfolder(f"overhead_{store}"), env)
        seconds = (f"{hand.seconds:.2f} s", f"{here.seconds:.2f} s", f"{here.seconds - hand.seconds:+.2f} s")
        table.add_row(store, *seconds, "<= 0.5 s, one start", hand.starts(), here.starts())
    yield table


def _measure_on(folder: Path, env: Mapping[str, str]) -> tuple[Measured, Measured]:
    """One task of each run by hand and one on the backend, in turns."""
    flow = write_flow(folder, "Measured", 3)
    dag_file = folder / "dag.py"
    create(flow, dag_file, env)
    runs = [f"bench-{number}" for number in range(TIMES)]
    _on_backend(dag_file, "start", runs, env)
    by_hand, here = folder / "starts_by_hand", folder / "starts_here"
    rounds = [
        (
            _by_hand(flow, run, _counting(env, by_hand)),
            *_on_backend(dag_file, STEP, [run], _counting(env, here)),
        )
        for run in runs
    ]
    hand_seconds, here_seconds = zip(*rounds, strict=True)
    return _measured(hand_seconds, by_hand, flow.name), _measured(here_seconds, here, _RUNTIME)


def _on_backend(dag_file: Path, step: str, runs: list[str], env: Mapping[str, str]) -> list[float]:
    """Seconds of the step in each of the runs."""
    command = [sys.executable, "-m", "integration.bench.step_probe", str(dag_file), step, *runs]
    seconds: list[float] = json.loads(output(command, env).splitlines()[-1])
    return seconds


def _by_hand(flow: Path, run: str, env: Mapping[str, str]) -> float:
    """Seconds of the command, with the options that stock's orchestrators give it."""
    options = ["--quiet", "--no-pylint", "--event-logger=nullSidecarLogger", "--monitor=nullSidecarMonitor"]
    command = [sys.executable, flow.name, *options, "step", STEP, f"--run-id={run}", "--task-id=by-hand"]
    command += [f"--input-paths={run}/start/t", "--retry-count=0", "--max-user-code-retries=0"]
    return timed(command, env, flow.parent)


def _counting(env: Mapping[str, str], starts: Path) -> dict[str, str]:
    return {**env, "PYTHONPATH": str(COUNTING), "BENCH_STARTS": str(starts)}


def _measured(seconds: Iterable[float], starts: Path, own: str) -> Measured:
    commands = [line for line in starts.read_text().splitlines() if "step_probe" not in line]
    others = Counter(script(command) for command in commands if own not in command)
    own_starts = sum(own in command for command in commands)
    return Measured(min(seconds), own_starts / TIMES, {name: count / TIMES for name, count in others.items()})


def script(command: str) -> str:
    """`python -u /somewhere/s3op.py get ...` is `s3op.py`."""
    words = command.split()[1:]
    return next((Path(word).name for word in words if word.endswith(".py")), " ".join(words[:2]))
