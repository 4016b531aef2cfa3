"""Runs the tasks' entry as a process, on a local datastore or on moto's S3."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
ENTRY = [sys.executable, "-m", "metaflow_extensions.orchestrators.runtime.task"]
RUN = "airflow-0123456789ab"


@dataclass(frozen=True)
class Outcome:
    """How the process ended, what it printed, and the records that it wrote."""

    status: int
    output: str
    records: list[dict[str, Any]]


@dataclass
class Store:
    """A datastore and the folder of the flow; `variables` are those that tasks need."""

    folder: Path
    kind: str
    root: str
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def env(self) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("METAFLOW_", "AWS_"))
        }
        return {
            **kept,
            "METAFLOW_USER": "tester",
            "METAFLOW_HOME": str(self.folder / "home"),
            "METAFLOW_DEFAULT_METADATA": "local",
            "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(self.folder),
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONUNBUFFERED": "x",
            **self.variables,
        }

    def arguments(self, flow_file: Path, flow: str, step: str, **request: Any) -> list[str]:
        """Command of the entry for a request with the usual options; its files are in the folder."""
        data = {
            "flow_file": str(flow_file),
            "flow": flow,
            "run_id": RUN,
            "step": step,
            "datastore": self.kind,
            "datastore_root": self.root,
            "options": [
                "--quiet",
                "--no-pylint",
                "--metadata=local",
                f"--datastore={self.kind}",
                f"--datastore-root={self.root}",
            ],
            "retries": {"by_engine": True, "left": 0},
            **request,
        }
        request_file, result = self.folder / f"{step}.request.json", self.folder / f"{step}.result.json"
        request_file.write_text(json.dumps(data))
        result.unlink(missing_ok=True)
        return [*ENTRY, str(request_file), str(result)]

    def run(self, flow_file: Path, flow: str, step: str, **request: Any) -> Outcome:
        """Run the step to its end."""
        command = self.arguments(flow_file, flow, step, **request)
        done = subprocess.run(
            command, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60
        )
        result = Path(command[-1])
        records = json.loads(result.read_text()) if result.exists() else []
        return Outcome(done.returncode, done.stdout, records)

    def client(self, expression: str) -> Any:
        """The value of a Python expression that uses Metaflow's client, as JSON."""
        script = (
            "import json; from metaflow import *; from metaflow.cards import get_cards; namespace(None); "
            f"print(json.dumps({expression}))"
        )
        done = subprocess.run(
            [sys.executable, "-c", script],
            env=self.env,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return json.loads(done.stdout)

    def attempts(self, flow: str, step: str, task_id: str) -> list[str]:
        """Names of the attempts' files of a task on a local datastore."""
        folder = Path(self.root, flow, RUN, step, task_id)
        return sorted(file.name for file in folder.iterdir())
