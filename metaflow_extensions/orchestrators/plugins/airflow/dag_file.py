"""Writes the DAG file: short, loads on its own, and never in the place of somebody's own file."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from metaflow_provider.plan import FlowPlan, Refusal, dumps

from ..common.generated import MARK, is_generated


def render(plan: FlowPlan, options: dict[str, object]) -> str:
    """Text of the DAG file of `plan`; `options` are arguments of the DAG that differ from its defaults.

    The same plan and options give the same text. The words airflow and DAG must be in it: Airflow
    skips files without them (`[core] dag_discovery_safe_mode`).
    """
    arguments = "".join(f", {name}={value!r}" for name, value in sorted(options.items()))
    return (
        f"{MARK} {plan.version}: the Metaflow flow {plan.flow} as an Airflow DAG.\n"
        f"# Change the flow and run `python {plan.file} airflow create` again, instead of this file.\n"
        "from metaflow_provider import MetaflowDAG as DAG\n"
        "\n"
        f"dag = DAG(r'''{_literal(dumps(plan))}'''{arguments})\n"
    )


def _literal(text: str) -> str:
    """JSON text for between raw triple quotes: no quote character is left that could end them."""
    return text.replace("'", "\\u0027")


def check_target(file: Path, flow_file: Path, force: bool) -> None:
    """Refuse a target that cannot or must not be written, before anything is done.

    Raises:
        Refusal: the flow file itself, a folder, a folder that is missing or read-only, or a file that
            neither is empty nor was generated.
    """
    if file.resolve() == flow_file.resolve():
        raise Refusal("Airflow DAG file name cannot be the same as flow file name")
    if file.is_dir():
        raise Refusal(f"{file} is a folder", remedy=f"name the file to write, such as {file / 'dag.py'}")
    folder = file.parent
    if not folder.is_dir():
        raise Refusal(f"the folder {folder} does not exist", remedy="create it, or choose another")
    if not _is_writable(folder):
        raise Refusal(
            f"the folder {folder} cannot be written to", remedy="change its permissions, or choose another"
        )
    if file.exists() and not force and not _may_replace(file):
        raise Refusal(
            f"{file} exists and was not generated from a flow",
            remedy="choose another file, or replace it with --force",
        )


def write(file: Path, text: str) -> bool:
    """Replace `file` at once, so that Airflow never reads half of it. Returns whether anything changed."""
    if file.exists() and file.read_text(encoding="utf-8", errors="replace") == text:
        return False
    descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            handle.write(text)
        os.chmod(temporary, file.stat().st_mode if file.exists() else 0o666 & ~_umask())
        os.replace(temporary, file)
    except BaseException:
        os.unlink(temporary)
        raise
    return True


def _may_replace(file: Path) -> bool:
    text = file.read_text(encoding="utf-8", errors="replace")
    if not text.strip() or is_generated(file):
        return True
    is_stock = "Workflow.from_dict(CONFIG)" in text and "metaflow" in text.lower()
    is_plan = text.startswith("{") and '"runtime": {' in text and '"flow": ' in text
    return is_stock or is_plan


def _is_writable(folder: Path) -> bool:
    # os.access says yes to root even on a read-only file system.
    try:
        with tempfile.TemporaryFile(dir=folder):
            return os.access(folder, os.W_OK)
    except OSError:
        return False


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
