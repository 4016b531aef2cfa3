"""`dag.test()` for many DAGs in one warm process: importing Airflow takes seconds, a run does not."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from integration.harness.airflow.home import AirflowHome
from integration.harness.airflow.runs import DagRun, TaskInstance, in_order
from integration.harness.process import stop_trees, tail

if TYPE_CHECKING:
    from typing_extensions import Self

SCRIPT = Path(__file__).with_name("dag_test.py")
Conf = dict[str, Any]


class DagTestFailed(RuntimeError):
    """A DAG could not be loaded or run at all; the message holds the reason and the end of its log."""


class DagTester:
    """Runs DAGs of one home by `dag.test()`, without a scheduler, in a process that is kept.

    Airflow wants the DAG file in the dags folder; the folder is read again for each run. The output of a run,
    with the logs of its tasks, goes to a file below `<home>/dag_test/`; `log` is that of the last one.

    Example:
        with DagTester(home) as tester:
            run = tester.run("my_flow", {"alpha": 3})
            assert run.state == "success", tester.log.read_text()
    """

    def __init__(self, home: AirflowHome) -> None:
        self._home = home
        (home.folder / "dag_test").mkdir(exist_ok=True)
        self._logs = Path(tempfile.mkdtemp(dir=home.folder / "dag_test", prefix=""))
        self._process: subprocess.Popen[bytes] | None = None
        self._runs = 0
        self.log = self._logs / "start.log"

    def run(self, dag_id: str, conf: Conf | None = None, seconds: float = 300) -> DagRun:
        """One run of `dag_id`, awaited.

        Raises:
            DagTestFailed: there is no such DAG, its file does not load, or `dag.test()` itself raised.
            TimeoutError: not ended within `seconds`; its process is stopped, the next run starts another.
        """
        self._runs += 1
        self.log = self._logs / f"{self._runs}-{dag_id}.log"
        answer = self._ask({"dag_id": dag_id, "conf": conf, "log": str(self.log)}, seconds)
        if "error" in answer:
            raise DagTestFailed(f"{dag_id}: {answer['error']}\n{tail(self.log)}")
        tasks = in_order(TaskInstance.read(row) for row in answer["tasks"])
        return DagRun(dag_id, answer["run_id"], answer["state"], tasks)

    def _ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        process = self._process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        try:
            line = read_line(process.stdout.fileno(), seconds)
        except TimeoutError:
            self.stop()
            raise TimeoutError(
                f"{request['dag_id']}: not ended within {seconds:g} s\n{tail(self.log)}"
            ) from None
        if not line:
            self.stop()
            return {"error": f"the process of dag.test() ended, see also {self._logs / 'start.log'}"}
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _start(self) -> subprocess.Popen[bytes]:
        with (self._logs / "start.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, str(SCRIPT)],
                env=self._home.env,
                cwd=self._home.folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )

    def stop(self) -> None:
        if self._process is None:
            return
        stop_trees([self._process], seconds=0)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def dag_test(home: AirflowHome, dag_id: str, conf: Conf | None = None, seconds: float = 300) -> DagRun:
    """One run of one DAG by `dag.test()`, with a process of its own. Raises what DagTester.run raises."""
    with DagTester(home) as tester:
        return tester.run(dag_id, conf, seconds)


def dag_tests(
    home: AirflowHome, runs: Iterable[tuple[str, Conf | None]], seconds: float = 300
) -> Iterator[DagRun]:
    """Runs of several DAGs, one after another in one process, each yielded as soon as it has ended.

    Example:
        for run in dag_tests(home, [("linear", None), ("with_parameters", {"alpha": 3})]):
            assert run.state == "success"
    """
    with DagTester(home) as tester:
        for dag_id, conf in runs:
            yield tester.run(dag_id, conf, seconds)


def read_line(pipe: int, seconds: float) -> bytes:
    """The next line of a pipe that carries one line at a time; what came before its end if it ends first.

    Raises:
        TimeoutError: no whole line within `seconds`.
    """
    deadline = time.monotonic() + seconds
    line = b""
    while not line.endswith(b"\n"):
        readable, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
        if not readable:
            raise TimeoutError
        part = os.read(pipe, 65536)
        if not part:
            break
        line += part
    return line
