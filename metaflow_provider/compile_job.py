"""A flow's compilation as a process that outlives the parser that asked for it.

Airflow ends a parser that takes too long. The compilation goes on, and the next parse finds what it kept.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from .compilation import CompilationFailed, Compiler
from .plan_cache import Entry, PlanCache


@dataclass(frozen=True)
class Job:
    """Compile `flow_file` and keep the outcome in `cache_folder`."""

    flow_file: Path
    compiler: Compiler
    cache_folder: Path

    @property
    def cache(self) -> PlanCache:
        """The cache that the outcome is kept in."""
        return PlanCache(self.cache_folder, (self.compiler.interpreter,))


@dataclass(frozen=True)
class Outcome:
    """What became of a job; `problem` says why it could not be kept."""

    plan: str
    error: str
    problem: str = ""

    @property
    def entry(self) -> Entry:
        """The outcome as the cache would give it."""
        return Entry(self.plan, self.error, fresh=True)


def run_detached(job: Job) -> Outcome:
    """Do the job in a process of its own, and wait for it."""
    request = json.dumps(asdict(job), default=str)
    done = subprocess.run(
        [sys.executable, "-m", __name__, request],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        start_new_session=True,
        check=False,
    )
    try:
        return Outcome(**json.loads(done.stdout))
    except ValueError:
        last = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
        last_plan = job.cache.look_up(job.flow_file, job.compiler.key).plan
        return Outcome(last_plan, f"{job.flow_file.name} does not compile: the process ended with {last}")


def run(job: Job) -> Outcome:
    """Do the job here. A flow that does not compile keeps its last good plan."""
    cache, key, started = job.cache, job.compiler.key, time.time()
    try:
        compilation = job.compiler.compile(job.flow_file)
        plan, error, dependencies = compilation.plan, "", compilation.dependencies
    except CompilationFailed as failure:
        plan, error = cache.look_up(job.flow_file, key).plan, str(failure)
        dependencies = tuple(job.flow_file.parent.rglob("*.py"))
    cache.store(job.flow_file, key, plan, error, dependencies, started)
    return Outcome(plan, error, cache.problem)


def main(request: str) -> None:
    """Do the job that `run_detached` wrote down, and print the outcome."""
    data = json.loads(request)
    given = data["compiler"]
    compiler = Compiler(
        tuple(given["options"]),
        tuple(given["arguments"]),
        given["python"],
        given["default_python"],
        given["timeout"],
    )
    job = Job(Path(data["flow_file"]), compiler, Path(data["cache_folder"]))
    print(json.dumps(asdict(run(job))))


if __name__ == "__main__":
    main(sys.argv[1])
