"""A fresh AIRFLOW_HOME: configuration, migrated SQLite database and an empty dags folder."""

from __future__ import annotations

import base64
import configparser
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock

from integration.harness.process import base_env, cache_dir

Settings = Mapping[str, Mapping[str, str]]

# Quick rather than frugal: a new DAG file shows within about two seconds, a finished task is seen at once.
# https://airflow.apache.org/docs/apache-airflow/stable/configurations-ref.html
QUICK: Settings = {
    "core": {
        "executor": "LocalExecutor",
        "load_examples": "False",
        "simple_auth_manager_all_admins": "True",
        "min_serialized_dag_update_interval": "0",
    },
    "dag_processor": {
        "refresh_interval": "1",
        "bundle_refresh_check_interval": "1",
        "min_file_process_interval": "5",  # a file that has changed does not wait for it
        "parsing_processes": "1",
    },
    "scheduler": {
        "scheduler_idle_sleep_time": "0.1",
        "scheduler_heartbeat_sec": "1",
        "job_heartbeat_sec": "1",
        "task_instance_heartbeat_timeout": "30",
        "task_instance_heartbeat_timeout_detection_interval": "2",
    },
    # A supervisor that misses the end of its task by a hair looks again only after this; the default is 5.
    "workers": {"min_heartbeat_interval": "1"},
}


class AirflowHome:
    """A fresh AIRFLOW_HOME in `folder`; its airflow.cfg also serves `airflow` called by hand.

    Args:
        folder: made if need be; `dags/`, `logs/` and the database are in it.
        settings: by section and option, over the quick ones.
        env: environment variables for everything that runs in this home, over the caller's environment.

    Example:
        home = AirflowHome(tmp_path / "airflow", {"core": {"max_map_length": "3"}}, env=s3.env)
        (home.dags / "flows_dag.py").write_text(...)
        subprocess.run([sys.executable, "-m", "airflow", "dags", "list"], env=home.env, check=True)
    """

    def __init__(
        self, folder: Path, settings: Settings | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.dags = folder / "dags"
        self.logs = folder / "logs"
        self.env = {
            **base_env(),
            "METAFLOW_HOME": str(folder / "metaflow"),
            **(env or {}),
            "AIRFLOW_HOME": str(folder),
        }
        self.dags.mkdir(parents=True)
        # Python would take a DAG file for unchanged that keeps its size and is written twice in one second.
        (self.dags / "__pycache__").touch()
        self._write_settings(settings or {})
        shutil.copyfile(migrated_database(), self.database)

    @property
    def database(self) -> Path:
        return self.folder / "airflow.db"

    def _write_settings(self, settings: Settings) -> None:
        config = configparser.ConfigParser(interpolation=None)
        config.read_dict(QUICK)
        config.read_dict(
            {
                "core": {
                    "dags_folder": str(self.dags),
                    "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
                },
                "database": {"sql_alchemy_conn": f"sqlite:///{self.database}"},
                "logging": {"base_log_folder": str(self.logs)},
                "api": {"secret_key": secrets.token_hex(16)},
                "api_auth": {"jwt_secret": secrets.token_hex(32)},
            }
        )
        config.read_dict(settings)
        with (self.folder / "airflow.cfg").open("w") as file:
            config.write(file)


def migrated_database() -> Path:
    """An empty database of the installed Airflow, migrated once a machine: that takes 5 s, a copy none."""
    template = cache_dir() / f"airflow-{version('apache-airflow-core')}.db"
    with FileLock(f"{template}.lock"):
        if not template.exists():
            with tempfile.TemporaryDirectory() as folder:
                migrated = Path(folder) / "airflow.db"
                subprocess.run(
                    [sys.executable, "-m", "airflow", "db", "migrate"],
                    env={
                        **base_env(),
                        "AIRFLOW_HOME": folder,
                        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
                        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{migrated}",
                    },
                    check=True,
                    capture_output=True,
                )
                # Moves the write-ahead log into the file that is copied.
                with closing(sqlite3.connect(migrated)) as database:
                    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                shutil.copyfile(migrated, f"{template}.new")
                os.replace(f"{template}.new", template)
    return template
