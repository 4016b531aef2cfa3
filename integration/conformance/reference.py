"""Runs of cases by `python flow.py run` in stock Metaflow: what an engine's runs are compared with.

They are kept in a cache folder, which several processes may share: a case runs again only when its file, its
options, Metaflow, Python or the form of the snapshots changes.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from integration.conformance import canonical, compare
from integration.conformance.compare import RunSnapshot, snapshot_in
from integration.conformance.corpus import CASES, Case, parameter_options, placed

USER = "tester"
MAX_NUM_SPLITS = 5000
MAX_WORKERS = 4


@dataclass(frozen=True)
class Reference:
    """A case's run by `python flow.py run`: its id, the folder of its local datastore, and what it left."""

    run_id: str
    root: Path
    snapshot: RunSnapshot


def local_environment(root: Path, base: Mapping[str, str]) -> dict[str, str]:
    """`base` without its Metaflow settings, and with a local datastore and metadata in `root`."""
    kept = {name: value for name, value in base.items() if not name.startswith("METAFLOW_")}
    return kept | {
        "METAFLOW_USER": USER,
        "METAFLOW_HOME": str(root / "home"),
        "METAFLOW_DEFAULT_DATASTORE": "local",
        "METAFLOW_DEFAULT_METADATA": "local",
        "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(root),
        "METAFLOW_CLIENT_CACHE_PATH": str(root / "client_cache"),
        "PYTHONHASHSEED": "0",
        # A local gang starts `python`.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), base.get("PATH", os.defpath)]),
    }


def stock_environment(root: Path, base: Mapping[str, str]) -> dict[str, str]:
    """The same, with no Metaflow extension loaded."""
    return local_environment(root, base) | {"METAFLOW_EXTENSIONS_SEARCH_DIRS": os.devnull}


def reference(case: Case, cache: Path) -> Reference:
    """The case's run by stock Metaflow, from the cache if it has run before.

    Raises:
        RuntimeError: The run ended otherwise than the case expects; the message ends with its output.
    """
    root = cache / f"{case.name}-{_key(case)[:16]}"
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(root.with_suffix(".lock")):
        result = root / "reference.json"
        if not result.exists():
            shutil.rmtree(root, ignore_errors=True)
            root.mkdir()
            for needed in case.needs:
                _run(CASES[needed], root)
            run_id = _run(case, root)
            run = snapshot_in(stock_environment(root, os.environ), case.flow, run_id)
            _write(result, json.dumps({"run_id": run_id, "snapshot": run.to_json()}))
        stored = json.loads(result.read_text("utf-8"))
    return Reference(stored["run_id"], root, RunSnapshot.from_json(stored["snapshot"]))


def _run(case: Case, root: Path) -> str:
    """Runs the case with its datastore in `root`; returns the run's id."""
    id_file = root / "run_id"
    command = [sys.executable, str(placed(case, root)), "--no-pylint", *case.top_options, "run"]
    command += ["--run-id-file", str(id_file), "--max-num-splits", str(MAX_NUM_SPLITS)]
    command += ["--max-workers", str(MAX_WORKERS), *case.run_options, *parameter_options(case.parameters)]
    # Metaflow looks for local cards from the working directory upwards.
    done = subprocess.run(
        command,
        cwd=root,
        env=stock_environment(root, os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if (done.returncode == 0) != case.expect_success:
        expected = "succeed" if case.expect_success else "fail"
        raise RuntimeError(f"case {case.name} should {expected} in `run`:\n{done.stdout[-4000:]}")
    return id_file.read_text("utf-8").strip()


def _key(case: Case) -> str:
    """Changes with whatever may change the run or the form of its snapshot."""
    beside = [*case.file.parent.glob("*.txt"), *case.file.parent.glob("*.csv")]
    sources = [case.file, *sorted(beside), Path(compare.__file__), Path(canonical.__file__)]
    parts = [
        importlib.metadata.version("metaflow"),
        platform.python_version(),
        *(hashlib.sha256(path.read_bytes()).hexdigest() for path in sources),
        json.dumps([dict(case.parameters), case.top_options, case.run_options]),
        *(_key(CASES[needed]) for needed in case.needs),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Held by one process at a time; the system lets go of it when that process ends."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _write(path: Path, text: str) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(text, "utf-8")
    partial.replace(path)
