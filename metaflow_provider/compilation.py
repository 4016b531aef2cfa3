"""Compiles a flow file in a process of its own, so that neither Metaflow nor the flow enters Airflow's."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

_MODULE = "metaflow_extensions.orchestrators.plugins.airflow.compilation"


class CompilationFailed(Exception):
    """The flow does not compile; the message is one line."""


@dataclass(frozen=True)
class Compilation:
    """A plan's JSON, and the files that it was made from."""

    plan: str
    dependencies: tuple[Path, ...]


@dataclass(frozen=True)
class Compiler:
    """Runs `airflow plan` of flow files.

    Attributes:
        options: of the flow's command line before the command, such as `--branch=test`.
        arguments: options of `airflow plan`, such as `--max-workers=4`.
        python: the interpreter that these flows ask for, with Metaflow and what they import.
        default_python: the interpreter of flows that ask for none.
        timeout: seconds that a compilation may take.
    """

    options: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    python: str | None = None
    default_python: str = sys.executable
    timeout: int = 120

    @property
    def interpreter(self) -> str:
        """The interpreter that compiles."""
        return self.python or self.default_python

    @property
    def key(self) -> tuple[str, ...]:
        """What tells this flow's plans apart on every machine; the default interpreter is a machine's own."""
        return (*self.options, "--", *self.arguments, f"python={self.python or ''}")

    def compile(self, flow_file: Path) -> Compilation:
        """Compile one flow; the plan is empty if the file is no script and starts no flow.

        Raises:
            CompilationFailed: Metaflow is not there, the file holds no flow or several, or the flow is
                refused.
        """
        interpreter = self.interpreter
        with tempfile.TemporaryDirectory(prefix="metaflow-plan-") as folder:
            plan, dependencies = Path(folder, "plan.json"), Path(folder, "dependencies.json")
            files = [str(flow_file), str(plan), str(dependencies)]
            command = [interpreter, "-m", _MODULE, *files, *self.options, "--", *self.arguments]
            try:
                status, stderr = _run(command, flow_file.parent, self.timeout)
            except subprocess.TimeoutExpired:
                raise CompilationFailed(
                    f"{flow_file.name} did not compile within {self.timeout} s; raise [metaflow] "
                    "compile_timeout, and so that Airflow waits as long, [core] dagbag_import_timeout and "
                    "[dag_processor] dag_file_processor_timeout"
                ) from None
            except OSError as error:
                raise CompilationFailed(
                    f"{interpreter} cannot be run ({error}); set [metaflow] python"
                ) from None
            if status or not plan.exists():
                raise CompilationFailed(f"{flow_file.name} does not compile: {_reason(stderr, interpreter)}")
            read = json.loads(dependencies.read_text(encoding="utf-8"))
            return Compilation(plan.read_text(encoding="utf-8"), tuple(Path(name) for name in read))


def _run(command: list[str], folder: Path, timeout: int) -> tuple[int, str]:
    """Exit status and stderr; when the time is up, everything that the command started is ended, too."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONUNBUFFERED": "x"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            _, stderr = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        return process.returncode, stderr


def _reason(stderr: str, interpreter: str) -> str:
    """The last line that says something."""
    if "No module named 'metaflow'" in stderr:
        return f"{interpreter} has no Metaflow; install it, set [metaflow] python, or load compiled plans"
    lines = [line.strip() for line in stderr.replace("\x1b[K", "").splitlines() if line.strip()]
    return lines[-1] if lines else "it ended without a word"
