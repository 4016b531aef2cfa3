"""The engine for tests: a process on a free port, and what a test asks of it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from integration.harness.process import (
    Missing,
    Server,
    ServerProcess,
    answers,
    base_env,
    free_port,
    wait_until,
)
from integration.harness.sfn.control import CONTROL
from integration.harness.sfn.environment import user_environment
from integration.harness.sfn.packages import missing_packages
from integration.harness.sfn.resources import client

ENDED = frozenset({"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"})


class EngineRefused(RuntimeError):
    """The engine did not do what it was asked; the message says why."""


def ask(url: str, command: str, /, **arguments: Any) -> Any:
    """Send the engine at `url` a command of control.py; returns its answer.

    Raises:
        EngineRefused: it did not do it.
        requests.ConnectionError: nobody answers there.
    """
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(f"{url}{CONTROL}{command}", json=arguments, timeout=60)
    if not answer.ok:
        raise EngineRefused(f"{command} {arguments}: {answer.text}")
    return answer.json()


class Engine(Server):
    """AWS on loopback with Step Functions, Batch, EventBridge Scheduler and what they need.

    Args:
        folder: for its log, the logs of jobs, local metadata and Metaflow's home.
        parallel: how many Batch jobs run at once.
        grace: seconds between SIGTERM and SIGKILL for a job.
        container: variables that every container starts with.

    Raises:
        Missing: on entry, when a package is not installed.

    Example:
        with Engine(tmp_path) as engine:
            env = {**base_env(), **engine.env}
            subprocess.run([sys.executable, "flow.py", "step-functions", "create"], env=env, check=True)
    """

    def __init__(
        self,
        folder: Path,
        parallel: int = 2,
        grace: float = 5.0,
        container: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self._options = {"parallel": str(parallel), "grace": str(grace)}
        self._container = dict(container or {})
        self._process: ServerProcess | None = None
        self.url = ""

    def start(self) -> None:
        if missing := missing_packages():
            raise Missing(f"the Step Functions engine needs {', '.join(missing)}: pip install them")
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        options = {"folder": str(self.folder), "port": str(port), **self._options}
        command = [sys.executable, "-m", "integration.harness.sfn"]
        for name, value in options.items():
            command += [f"--{name}", value]
        for name, value in self._container.items():
            command += ["--container", f"{name}={value}"]
        self._process = ServerProcess(command, base_env(), self.folder / "engine.log")
        self._process.wait_for(self._ready, seconds=60)

    def _ready(self) -> bool:
        # This is printed when everything in the account has been made.
        return f"Ready at {self.url}" in self.log() and answers(f"{self.url}{CONTROL}health")

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()

    def log(self) -> str:
        """What the engine has printed."""
        return (self.folder / "engine.log").read_text()

    @property
    def env(self) -> dict[str, str]:
        """What Metaflow, its client and boto3 need to use it."""
        return user_environment(self.url, self.folder)

    def client(self, service: str) -> Any:
        """A boto3 client, whatever the process's own AWS settings are."""
        return client(service, self.url)

    def ended(self, execution: str, seconds: float = 120) -> dict[str, Any]:
        """What DescribeExecution says of an execution, by its ARN, when it has ended.

        Raises:
            TimeoutError: not within `seconds`.
        """
        states = self.client("stepfunctions")
        answer: dict[str, Any] = {}

        def look() -> bool:
            answer.update(states.describe_execution(executionArn=execution))
            return answer["status"] in ENDED

        wait_until(look, seconds, f"the end of {execution}")
        return answer

    def fail_next(self, service: str, action: str, code: str, times: int = 1, status: int = 400) -> None:
        """Let the next calls of an action fail: see faults.Fault.

        Example:
            engine.fail_next("stepfunctions", "StartExecution", "ThrottlingException", times=2)
        """
        fault = {"service": service, "action": action, "code": code, "times": times, "status": status}
        self._command("fail", **fault)

    def stub(self, pattern: str, function: str) -> None:
        """Let `module:function` stand in for jobs whose name or definition fits: see batch/stubs.py."""
        self._command("stub", pattern=pattern, path=function)

    def unstub(self, pattern: str) -> None:
        """Let such jobs be processes again."""
        self._command("unstub", pattern=pattern)

    def lose_host(self, job_id: str) -> None:
        """Take away the machine of a running job, as a reclaimed spot instance does."""
        self._command("lose_host", job_id=job_id)

    def fire(self, schedule: str, group: str = "default") -> str:
        """Let a schedule come due now; returns the ARN of the execution that it started."""
        return str(self._command("fire", name=schedule, group=group))

    def _command(self, name: str, /, **arguments: Any) -> Any:
        return ask(self.url, name, **arguments)
