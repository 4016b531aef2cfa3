"""The processes of a run's tasks, found by what the process backend puts into their environment."""

from __future__ import annotations

import psutil


def processes_of(run_id: str, step: str | None = None) -> list[psutil.Process]:
    """The runtime, the step and what the step started, of all tasks of a Metaflow run, or of one step."""
    return [process for process in psutil.process_iter() if _is_of(process, run_id, step)]


def airflow_task_of(run_id: str, step: str) -> psutil.Process:
    """Airflow's process of a task at work: the one that started the runtime."""
    processes = processes_of(run_id, step)
    pids = {process.pid for process in processes}
    [outermost] = [process for process in processes if process.ppid() not in pids]
    parent = outermost.parent()
    assert parent is not None
    return parent


def _is_of(process: psutil.Process, run_id: str, step: str | None) -> bool:
    try:
        env = process.environ()
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False
    return env.get("METAFLOW_RUN_ID") == run_id and step in (None, env.get("METAFLOW_STEP_NAME"))
