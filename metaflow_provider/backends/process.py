"""Steps as processes of the Airflow worker: the default, which needs neither cluster nor cloud."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from .. import settings
from ..hooks.metaflow import connection_variables
from ..version_compat import AirflowException, AirflowFailException
from .base import Log, StepCall
from .bootstrap import bash_command
from .code_cache import unpacked
from .requests import request, variables

_RUNTIME = "metaflow_extensions.orchestrators.runtime.task"
# How a traceback ends.
_EXCEPTION = re.compile(r"[\w.]+(Error|Exception|Interrupt|Terminated)\b")
# The runtime's exit status when it has made all the tries itself.
_FAILED_FOR_GOOD = 3
# The runtime gives the step 8 seconds to end.
_KILL_AFTER_SECONDS = 12


class ProcessBackend:
    """Runs a step by the interpreter `python`, or `[metaflow] python`, or Airflow's own."""

    def __init__(self, python: str | None = None) -> None:
        self._python = python
        self._process: subprocess.Popen[str] | None = None

    def run(self, call: StepCall, log: Log) -> list[dict[str, Any]]:
        """See `Backend.run`. The step's output goes to `log` as it comes."""
        code = unpacked(call.plan, settings.code_cache_folder())
        with tempfile.TemporaryDirectory(prefix="metaflow-") as folder:
            request_file, result_file = Path(folder, "request.json"), Path(folder, "result.json")
            request_file.write_text(request(call, str(code / call.plan.file)), encoding="utf-8")
            status, reason = self._run(call, code, request_file, result_file, log)
            if status == 0:
                records: list[dict[str, Any]] = json.loads(result_file.read_text(encoding="utf-8"))
                return records
        message = f"Step {call.step} of {call.plan.flow}/{call.run_id} failed, exit status {status}: {reason}"
        raise (AirflowFailException if status == _FAILED_FOR_GOOD else AirflowException)(message)

    def kill(self) -> None:
        """End the step's processes: first politely, so that Metaflow records it."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        os.killpg(process.pid, signal.SIGTERM)
        _drain(process, _KILL_AFTER_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    def _run(
        self, call: StepCall, code: Path, request_file: Path, result_file: Path, log: Log
    ) -> tuple[int, str]:
        """Exit status, and the last line that names an exception, or else the last line."""
        # The runtime holds the reading end: when this worker dies, the writing end closes with it.
        lifeline, held = os.pipe()
        try:
            self._process = subprocess.Popen(
                [*self._command(call, code), str(request_file), str(result_file), f"--lifeline={lifeline}"],
                env=self._environment(call, code),
                cwd=code,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
                pass_fds=(lifeline,),
            )
            assert self._process.stdout is not None
            last = exception = ""
            for line in self._process.stdout:
                log.info("%s", line.rstrip("\n"))
                last = line.strip() or last
                exception = last if _EXCEPTION.match(last) else exception
            return self._process.wait(), exception or last
        finally:
            os.close(lifeline)
            os.close(held)

    def _command(self, call: StepCall, code: Path) -> list[str]:
        python = self._python or settings.python()
        step = call.plan.step(call.step)
        if not step.executable:
            return [python, "-m", _RUNTIME]
        return bash_command(step, python, code, _RUNTIME)

    def _environment(self, call: StepCall, code: Path) -> dict[str, str]:
        exports = call.plan.code.exports if call.plan.code else {}
        unpacked_exports = {name: value.replace("{dir}", str(code)) for name, value in exports.items()}
        path = [unpacked_exports.pop("PYTHONPATH", ""), os.environ.get("PYTHONPATH", "")]
        return {
            **os.environ,
            **unpacked_exports,
            "PYTHONPATH": os.pathsep.join(part for part in path if part),
            **call.plan.runtime.environment,
            **connection_variables(settings.connection_id()),
            **variables(call),
        }


def _drain(process: subprocess.Popen[str], seconds: float) -> None:
    """Wait for the end of a process, whose output nobody else reads meanwhile, for `seconds` at most."""
    assert process.stdout is not None
    output = process.stdout.fileno()
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        if select.select([output], [], [], 0.1)[0] and not os.read(output, 65536):
            time.sleep(0.05)  # closed, and about to end
