"""A small client of Airflow 3's REST API, for a server whose simple auth manager takes everybody as admin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import requests
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_fixed

from integration.harness.airflow.runs import DagRun, TaskInstance, in_order
from integration.harness.process import wait_until

PAGE = 100
ENDED = ("success", "failed")


class AirflowError(RuntimeError):
    """The server refused a request, or a DAG is not what was expected; the message is the server's own."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status

    @property
    def is_locked(self) -> bool:
        """SQLite was busy with another process's transaction; nothing has been changed."""
        return self.status == 500 and "Database error" in str(self)


class AirflowClient:
    """Asks one API server what tests ask: DAGs, runs, task instances, logs, clearing, states, pools.

    https://airflow.apache.org/docs/apache-airflow/stable/stable-rest-api-ref.html

    Args:
        url: of the server, such as "http://127.0.0.1:8080".

    Example:
        client = AirflowClient(scheduler.url)
        run = client.run("my_flow", {"alpha": 3}, seconds=60)
        assert run.state == "success"
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False

    @retry(
        retry=retry_if_exception(lambda error: isinstance(error, AirflowError) and error.is_locked),
        stop=stop_after_attempt(5),
        wait=wait_fixed(0.5),
        reraise=True,
    )
    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Send one request below /api/v2 and return the decoded answer.

        Raises:
            AirflowError: the server answered with an error; `status` is its HTTP status.
        """
        if "Authorization" not in self._session.headers:
            token = self._session.get(f"{self._url}/auth/token", timeout=30).json()["access_token"]
            self._session.headers["Authorization"] = f"Bearer {token}"
        answer = self._session.request(
            method, f"{self._url}/api/v2{path}", json=body, params=query, timeout=30
        )
        if not answer.ok:
            raise AirflowError(f"{method} {path}: {answer.status_code} {answer.text}", answer.status_code)
        return answer.json() if answer.content else None

    def _pages(self, path: str, key: str, **query: Any) -> Iterator[dict[str, Any]]:
        offset = 0
        while True:
            page = self.call("GET", path, limit=PAGE, offset=offset, **query)
            yield from page[key]
            offset += PAGE
            if offset >= page["total_entries"]:
                return

    # DAGs

    def dag_ids(self) -> list[str]:
        return sorted(dag["dag_id"] for dag in self._pages("/dags", "dags"))

    def dag_details(self, dag_id: str) -> dict[str, Any]:
        details: dict[str, Any] = self.call("GET", f"/dags/{dag_id}/details")
        return details

    def import_errors(self) -> dict[str, str]:
        """The traceback of each DAG file that does not load, by file."""
        rows = self._pages("/importErrors", "import_errors")
        return {row["filename"]: row["stack_trace"] for row in rows}

    def wait_for_dag(self, dag_id: str, seconds: float = 30) -> None:
        """Wait until the DAG processor has found `dag_id`.

        Raises:
            TimeoutError: it has not; the message holds the import errors.
        """
        try:
            wait_until(lambda: dag_id in self.dag_ids(), seconds, f"DAG {dag_id} is loaded", poll=0.2)
        except TimeoutError as late:
            raise TimeoutError(f"{late}; import errors: {self.import_errors()}") from None

    def unpause(self, dag_id: str) -> None:
        self.call("PATCH", f"/dags/{dag_id}", {"is_paused": False})

    # runs

    def trigger(
        self,
        dag_id: str,
        conf: Mapping[str, Any] | None = None,
        logical_date: str | None = None,
        run_id: str | None = None,
    ) -> str:
        """Start a run and return its id; `logical_date` is ISO 8601, without one the run has none.

        Airflow chooses the id unless one is given.

        Raises:
            AirflowError: status 400 when `conf` does not fit the DAG's parameters.
        """
        body = {"conf": dict(conf or {}), "logical_date": logical_date}
        if run_id is not None:
            body["dag_run_id"] = run_id
        started: str = self.call("POST", f"/dags/{dag_id}/dagRuns", body)["dag_run_id"]
        return started

    def delete_run(self, dag_id: str, run_id: str) -> None:
        """Make Airflow forget a run, whose id may then be used again."""
        self.call("DELETE", f"/dags/{dag_id}/dagRuns/{run_id}")

    def run_state(self, dag_id: str, run_id: str) -> str:
        state: str = self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}")["state"]
        return state

    def set_run_state(self, dag_id: str, run_id: str, state: str) -> None:
        """Mark a run as `success` or `failed`, which also ends its running tasks."""
        self.call("PATCH", f"/dags/{dag_id}/dagRuns/{run_id}", {"state": state})

    def run_ids(self, dag_id: str) -> list[str]:
        rows = self._pages(f"/dags/{dag_id}/dagRuns", "dag_runs", order_by="id")
        return [row["dag_run_id"] for row in rows]

    def wait_for(self, dag_id: str, run_id: str, seconds: float = 120) -> DagRun:
        """Wait until a run has ended.

        Raises:
            TimeoutError: it has not; the message lists the task instances that have no end.
        """
        what = f"run {run_id} of {dag_id} has ended"
        try:
            wait_until(lambda: self.run_state(dag_id, run_id) in ENDED, seconds, what, poll=0.2)
        except TimeoutError as late:
            unfinished = [
                f"{task.task_id}[{task.map_index}] {task.state}"
                for task in self.task_instances(dag_id, run_id)
                if task.end_date is None
            ]
            raise TimeoutError(f"{late}: {', '.join(unfinished)}") from None
        return DagRun(dag_id, run_id, self.run_state(dag_id, run_id), self.task_instances(dag_id, run_id))

    def run(self, dag_id: str, conf: Mapping[str, Any] | None = None, seconds: float = 120) -> DagRun:
        """Wait for a DAG to be loaded, unpause it, start a run and wait for its end."""
        self.wait_for_dag(dag_id)
        self.unpause(dag_id)
        return self.wait_for(dag_id, self.trigger(dag_id, conf), seconds)

    # task instances

    def task_instances(self, dag_id: str, run_id: str) -> tuple[TaskInstance, ...]:
        """All task instances of a run, mapped ones too, in the order of their start."""
        rows = self._pages(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances", "task_instances")
        return in_order(TaskInstance.read(row) for row in rows)

    def log(self, dag_id: str, run_id: str, task: TaskInstance, try_number: int | None = None) -> str:
        """The messages and errors of a task's log, one a line; of its last try unless another is named."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task.task_id}/logs/"
        number = str(task.try_number if try_number is None else try_number)
        answer = self.call("GET", path + number, map_index=task.map_index, full_content=True)
        return "\n".join(text for line in answer["content"] for text in _messages(line))

    def clear(
        self, dag_id: str, run_id: str, tasks: Sequence[str | tuple[str, int]], downstream: bool = False
    ) -> None:
        """Clear tasks of a run, whatever their state: they run again, and so does the run.

        Args:
            tasks: task ids, for all instances, or pairs of task id and map index.
            downstream: clear what depends on them, too.
        """
        self.call(
            "POST",
            f"/dags/{dag_id}/clearTaskInstances",
            {
                "dag_run_id": run_id,
                "task_ids": list(tasks),
                "include_downstream": downstream,
                "only_failed": False,
                "reset_dag_runs": True,
                "dry_run": False,
            },
        )

    def set_task_state(self, dag_id: str, run_id: str, task: TaskInstance, state: str) -> None:
        """Mark a task instance as `success`, `failed` or `skipped`; a running one is killed."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task.task_id}"
        path += f"/{task.map_index}" if task.map_index >= 0 else ""
        self.call("PATCH", path, {"new_state": state})

    # pools

    def pools(self) -> dict[str, int]:
        """The slots of each pool."""
        return {pool["name"]: pool["slots"] for pool in self._pages("/pools", "pools")}

    def create_pool(self, name: str, slots: int) -> None:
        self.call("POST", "/pools", {"name": name, "slots": slots})


def _messages(line: Mapping[str, Any]) -> Iterator[str]:
    yield line["event"]
    for error in line.get("error_detail") or []:
        yield f"{error['exc_type']}: {error['exc_value']}"
