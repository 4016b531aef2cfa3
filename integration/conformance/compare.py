"""What a run left behind, task by task, and the differences between two runs.

`python -m integration.conformance.compare snapshot FLOW RUN` prints the snapshot of a run as JSON. Metaflow
reads its datastore from the environment once, so a run in another datastore is read in a process of its own:
`snapshot_in(environment, flow, run)`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from integration.conformance.canonical import Canonical, canonical, stand_ins, text, unordered

REPOSITORY = Path(__file__).resolve().parents[2]
# Metaflow's own artifacts that say how a task ended and what follows it.
OUTCOMES = ("_success", "_exception", "_catch_exception", "_transition", "_foreach_num_splits")
PROJECT_TAGS = ("project:", "project_branch:")
LONGEST_TEXT = 70


@dataclass(frozen=True, order=True)
class TaskKey:
    """Which task of a run: the step, one index per enclosing foreach (outermost first), the loop's iteration.

    A gang's node is an index too, and `_parameters` is a step.
    """

    step: str
    index: tuple[int, ...] = ()
    iteration: int = 0

    def __str__(self) -> str:
        indices = "".join(f"[{i}]" for i in self.index)
        return f"{self.step}{indices}" + (f" iteration {self.iteration}" if self.iteration else "")


@dataclass(frozen=True)
class TaskSnapshot:
    """One task: its attempts, and what the last of them left.

    Attributes:
        key: Which task it is.
        attempts: The numbers of the attempts that were started, ascending.
        ok: Whether the last attempt succeeded, by itself or by @catch.
        artifacts: The user's artifacts, and Metaflow's own that say how the task ended, in canonical form.
        cards: The types of its cards, sorted.
        stdout: Its lines on stdout, without those that are empty.
        stderr: Its lines on stderr, likewise.
    """

    key: TaskKey
    attempts: tuple[int, ...]
    ok: bool
    artifacts: Mapping[str, Canonical]
    cards: tuple[str, ...] = ()
    stdout: tuple[str, ...] = ()
    stderr: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunSnapshot:
    """A run: whether it succeeded, its tags (the user's and the project's) and its tasks, sorted by key."""

    flow: str
    successful: bool
    tags: tuple[str, ...]
    tasks: tuple[TaskSnapshot, ...]

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, document: str) -> RunSnapshot:
        data = json.loads(document)
        tasks = tuple(_task_from(task) for task in data["tasks"])
        return cls(data["flow"], data["successful"], tuple(data["tags"]), tasks)


def snapshot(flow_name: str, run_id: str) -> RunSnapshot:
    """What Metaflow's client reads of a run, in the datastore that this process's environment names."""
    from metaflow import Run, namespace

    namespace(None)
    run = Run(f"{flow_name}/{run_id}")
    steps = {step.id: step for step in (run["_parameters"], *run.steps())}
    with_card = _steps_with_card(steps["_parameters"])
    read = _ArtifactReader()
    tasks = [_task(task, name, read, name in with_card) for name, step in steps.items() for task in step]
    tags = {*run.user_tags, *(tag for tag in run.system_tags if tag.startswith(PROJECT_TAGS))}
    return RunSnapshot(
        flow_name, bool(run.successful), tuple(sorted(tags)), tuple(sorted(tasks, key=lambda task: task.key))
    )


def snapshot_in(
    environment: Mapping[str, str], flow_name: str, run_id: str, python: str = sys.executable
) -> RunSnapshot:
    """The same, read by a process of its own in the given environment (`METAFLOW_DEFAULT_DATASTORE` ...).

    Raises:
        RuntimeError: The run cannot be read; the message ends with what the process said.
    """
    command = [python, "-m", "integration.conformance.compare", "snapshot", flow_name, run_id]
    path = os.pathsep.join(filter(None, [str(REPOSITORY), environment.get("PYTHONPATH")]))
    done = subprocess.run(
        command,
        # Metaflow looks for local cards from the working directory upwards.
        cwd=environment.get("METAFLOW_DATASTORE_SYSROOT_LOCAL"),
        env={**environment, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"cannot read run {flow_name}/{run_id}: {done.stderr.strip()}")
    return RunSnapshot.from_json(done.stdout)


def differences(
    reference: RunSnapshot,
    other: RunSnapshot,
    *,
    ordered: bool = True,
    values: bool = True,
    logs: bool = False,
) -> list[str]:
    """What is not the same in two runs of a flow, a line each; empty if they are equal.

    Args:
        reference: The run by `python flow.py run`.
        other: The run by an engine.
        ordered: False compares lists and tuples as multisets, where `run` itself has no defined order (the
            inputs of a join with several direct parents).
        values: False compares the names of artifacts alone, where they hold random values.
        logs: True also compares what the tasks printed. On stderr the reference's lines must be there, in
            order; an engine may add its own.
    """
    return list(_run_differences(reference, other, ordered, values, logs))


def _run_differences(
    reference: RunSnapshot, other: RunSnapshot, ordered: bool, values: bool, logs: bool
) -> Iterator[str]:
    if reference.flow != other.flow:
        yield f"flow: {other.flow} instead of {reference.flow}"
    if reference.successful != other.successful:
        yield f"run: {_outcome(other.successful)}, the reference {_outcome(reference.successful)}"
    if reference.tags != other.tags:
        yield f"tags: {_listed(other.tags)} instead of {_listed(reference.tags)}"
    yield from _task_set_differences(reference, other)
    others = {task.key: task for task in other.tasks}
    for task in reference.tasks:
        if task.key in others:
            found = _task_differences(task, others[task.key], ordered, values, logs)
            yield from (f"{task.key}: {line}" for line in found)


def _task_set_differences(reference: RunSnapshot, other: RunSnapshot) -> Iterator[str]:
    expected, found = (Counter(task.key for task in run.tasks) for run in (reference, other))
    for key in sorted(expected | found):
        if found[key] == 0:
            yield f"{key}: missing"
        elif expected[key] == 0:
            yield f"{key}: not in the reference"
        elif found[key] != expected[key]:
            yield f"{key}: {found[key]} tasks instead of {expected[key]}"


def _task_differences(
    reference: TaskSnapshot, other: TaskSnapshot, ordered: bool, values: bool, logs: bool
) -> Iterator[str]:
    if reference.attempts != other.attempts:
        yield f"attempts {_listed(other.attempts)} instead of {_listed(reference.attempts)}"
    if reference.ok != other.ok:
        yield f"{_outcome(other.ok)}, the reference {_outcome(reference.ok)}"
    yield from _artifact_differences(reference.artifacts, other.artifacts, ordered, values)
    if reference.cards != other.cards:
        yield f"cards {_listed(other.cards)} instead of {_listed(reference.cards)}"
    if logs and reference.stdout != other.stdout:
        yield f"stdout {_shortened(_joined(reference.stdout), _joined(other.stdout))}"
    if logs and not _in_order(reference.stderr, other.stderr):
        yield f"stderr {_shortened(_joined(reference.stderr), _joined(other.stderr))}"


def _artifact_differences(
    reference: Mapping[str, Canonical], other: Mapping[str, Canonical], ordered: bool, values: bool
) -> Iterator[str]:
    for name in sorted({*reference, *other}):
        if name not in other:
            yield f"artifact {name} missing"
        elif name not in reference:
            yield f"artifact {name} not in the reference"
        elif values:
            expected, found = reference[name], other[name]
            if not ordered:
                expected, found = unordered(expected), unordered(found)
            if expected != found:
                yield f"artifact {name} {_shortened(expected, found)}"


def _shortened(expected: Canonical, found: Canonical) -> str:
    """Both as text, from a little before the first difference."""
    left, right = text(expected), text(found)
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False))
    first = max(0, len(list(same)) - LONGEST_TEXT // 3)
    return f"is {_window(right, first)} instead of {_window(left, first)}"


def _window(line: str, first: int) -> str:
    end = first + LONGEST_TEXT
    return ("..." if first else "") + line[first:end] + ("..." if end < len(line) else "")


def _joined(lines: tuple[str, ...]) -> str:
    return " | ".join(lines)


def _in_order(wanted: tuple[str, ...], lines: tuple[str, ...]) -> bool:
    rest = iter(lines)
    return all(line in rest for line in wanted)


def _outcome(ok: bool) -> str:
    return "succeeded" if ok else "failed"


def _listed(items: tuple[object, ...]) -> str:
    return f"[{', '.join(map(str, items))}]"


class _ArtifactReader:
    """Reads each content once: most artifacts of a run are handed on from task to task unchanged."""

    def __init__(self) -> None:
        self._by_sha: dict[str, Canonical] = {}

    def __call__(self, artifact: Any) -> Canonical:
        if artifact.sha not in self._by_sha:
            with stand_ins():
                self._by_sha[artifact.sha] = canonical(artifact.data)
        return self._by_sha[artifact.sha]


def _task(task: Any, step: str, read: _ArtifactReader, with_card: bool) -> TaskSnapshot:
    from metaflow import Task

    metadata = task.metadata
    attempts = tuple(sorted({int(m.value) for m in metadata if m.name in ("attempt", "attempt-done")}))
    if attempts:
        # A metadata service gives a single artifact of a task as its first attempt left it.
        task = Task(task.pathspec, attempt=attempts[-1], _namespace_check=False)
    artifacts = {artifact.id: artifact for artifact in task if artifact.id != "name"}
    artifacts |= {name: task[name] for name in OUTCOMES if name in task}
    return TaskSnapshot(
        key=TaskKey(step, _index(metadata), _iteration(task)),
        attempts=attempts,
        ok=bool(task.finished),
        artifacts={name: read(artifacts[name]) for name in sorted(artifacts)},
        cards=_card_types(task) if with_card else (),
        stdout=_lines(task.stdout),
        stderr=_lines(task.stderr),
    )


def _index(metadata: list[Any]) -> tuple[int, ...]:
    """By the metadata that a task registers as it starts: a killed task leaves no artifact."""
    path = next((m.value for m in metadata if m.name == "foreach-execution-path"), "")
    return tuple(int(frame.rpartition(":")[2]) for frame in path.split(",") if frame)


def _iteration(task: Any) -> int:
    stack = task["_iteration_stack"].data if "_iteration_stack" in task else []
    return int(stack[-1]) if stack else 0


def _steps_with_card(parameters: Any) -> set[str]:
    steps = parameters.task["_graph_info"].data["steps"]
    return {name for name, node in steps.items() if any(d["name"] == "card" for d in node["decorators"])}


def _card_types(task: Any) -> tuple[str, ...]:
    """The types of the task's cards, each of which was read."""
    from metaflow.cards import get_cards
    from metaflow.plugins.cards.exception import CardNotPresentException

    try:
        cards = list(get_cards(task))
    except CardNotPresentException:
        return ()
    unread = [card for card in cards if "<html" not in card.get()]
    return tuple(sorted([card.type for card in cards] + [f"unreadable {card.type}" for card in unread]))


def _lines(log: str) -> tuple[str, ...]:
    return tuple(line for line in log.splitlines() if line.strip())


def _task_from(data: dict[str, Any]) -> TaskSnapshot:
    key = data["key"]
    return TaskSnapshot(
        key=TaskKey(key["step"], tuple(key["index"]), key["iteration"]),
        attempts=tuple(data["attempts"]),
        ok=data["ok"],
        artifacts=data["artifacts"],
        cards=tuple(data["cards"]),
        stdout=tuple(data["stdout"]),
        stderr=tuple(data["stderr"]),
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m integration.conformance.compare")
    command = parser.add_subparsers(required=True).add_parser("snapshot", help="print a run as JSON")
    command.add_argument("flow")
    command.add_argument("run")
    arguments = parser.parse_args()
    print(snapshot(arguments.flow, arguments.run).to_json())


if __name__ == "__main__":
    main()
