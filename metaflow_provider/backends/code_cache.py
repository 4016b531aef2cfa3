"""A flow's code on the worker: fetched once, checked, unpacked once, shared by all tasks of the package."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path

from ..plan.model import CodePackage, FlowPlan
from ..version_compat import AirflowFailException
from .published import NotPublished, fetch


def unpacked(plan: FlowPlan, cache: Path) -> Path:
    """Folder with the plan's code package, below `cache`.

    Raises:
        AirflowFailException: the package is not in the datastore, or is not what was deployed.
    """
    if plan.code is None:
        raise AirflowFailException(f"The plan of {plan.flow} has no code package; deploy the flow again")
    folder = cache / plan.code.sha
    if not folder.is_dir():
        _unpack(_package(plan.code, plan), plan, folder)
    return folder


def _unpack(blob: bytes, plan: FlowPlan, folder: Path) -> None:
    """Unpack beside the target and rename, so that no other task sees half of it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent))
    temporary.chmod(0o755)
    try:
        with tarfile.open(fileobj=BytesIO(blob)) as archive:
            archive.extractall(temporary, filter="data")
        _link_local_store(temporary, plan)
        os.rename(temporary, folder)
    except OSError:
        if not folder.is_dir():
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _link_local_store(folder: Path, plan: FlowPlan) -> None:
    """Cards on a local datastore are kept in the `.metaflow` nearest to the task's folder."""
    store = folder / ".metaflow"
    if plan.runtime.datastore == "local":
        store.symlink_to(plan.runtime.datastore_root)
    else:
        store.mkdir()  # else Metaflow says that it makes one


def _package(code: CodePackage, plan: FlowPlan) -> bytes:
    try:
        return fetch(plan, code.sha)
    except NotPublished as problem:
        raise AirflowFailException(
            f"The code package of {plan.flow} cannot be used: {problem}; deploy the flow again"
        ) from None
