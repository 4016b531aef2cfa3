"""The real parts of Airflow 3 on one machine: API server, DAG processor and scheduler with LocalExecutor."""

from __future__ import annotations

import sys
from functools import partial

from integration.harness.airflow.client import AirflowClient
from integration.harness.airflow.home import AirflowHome
from integration.harness.process import Server, ServerProcess, answers, free_port, stop_together


class Scheduler(Server):
    """Airflow's own processes over one AirflowHome, on a free loopback port.

    They are started side by side: `airflow standalone` starts the same ones, after seconds of its own.

    Args:
        home: its dags folder is watched; its settings and environment hold for tasks too.
        parallelism: task instances at work at once.
        triggerer: also start the process that deferred tasks need.

    Example:
        with Scheduler(home) as scheduler:
            run = scheduler.client.run("my_flow")
    """

    def __init__(self, home: AirflowHome, parallelism: int = 4, triggerer: bool = False) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.client = AirflowClient(self.url)
        self.home = home
        # The API server reads task logs from the home's folder; nobody else has to serve them.
        self._commands = {
            "api-server": ["--host", "127.0.0.1", "--port", str(port)],
            "scheduler": ["--skip-serve-logs"],
            "dag-processor": [],
        }
        if triggerer:
            self._commands["triggerer"] = ["--skip-serve-logs"]
        self.env = {
            **home.env,
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__CORE__PARALLELISM": str(parallelism),
        }
        self.processes: dict[str, ServerProcess] = {}

    def start(self) -> None:
        for name, options in self._commands.items():
            self.processes[name] = ServerProcess(
                [sys.executable, "-m", "airflow", name, *options],
                self.env,
                self.home.folder / "processes" / f"{name}.log",
                cwd=self.home.folder,
            )
        for name, process in self.processes.items():
            process.wait_for(partial(self._is_healthy, name), seconds=90)

    def _is_healthy(self, name: str) -> bool:
        if name == "api-server":
            # The first request to the part that tasks talk to builds it, which takes seconds.
            return answers(f"{self.url}/execution/health")
        health = self.client.call("GET", "/monitor/health")
        return bool(health[name.replace("-", "_")]["status"] == "healthy")

    def stop(self) -> None:
        stop_together(self.processes.values(), seconds=5)
