"""The DAG factory: DAGs of a folder of flow files, without importing a flow, or Metaflow, into Airflow."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import settings
from .compilation import CompilationFailed, Compiler
from .dag.metaflow_dag import MetaflowDAG, dag_tags, documentation
from .dag.problem import problem_dag
from .plan import FlowPlan, PlanError, loads
from .plan_cache import Entry, PlanCache
from .version_compat import get_parsing_context

# Compilations at a time: most of one is reading modules from disk.
_COMPILERS = 4


@dataclass(frozen=True)
class _Loaded:
    """A plan, or what is wrong; both where the last good plan stands in for one that does not compile."""

    file: Path
    plan: FlowPlan | None
    problem: str = ""


def load_flows(
    namespace: MutableMapping[str, Any],
    folder: str | Path,
    *,
    pattern: str = "*.py",
    options: Iterable[str] = (),
    arguments: Iterable[str] = (),
    python: str | None = None,
    **dag_arguments: Any,
) -> None:
    """Add a DAG to `namespace` for every flow file and every compiled plan (`*.json`) of a folder.

    A flow is compiled when something that it was compiled from has changed, by a process of its own. One
    that does not compile keeps its last good plan; Airflow shows the problem in the DAG's tags and docs,
    and the others load as ever.

    Args:
        namespace: the DAG file's `globals()`.
        folder: relative to the DAG file, or absolute.
        pattern: of the flow files in it; those without a flow class are left alone.
        options: of the flows' command line before the command, such as `["--production"]`.
        arguments: options of `airflow plan`, such as `["--max-workers=4"]`.
        python: the interpreter that compiles and runs the flows.
        dag_arguments: those of `MetaflowDAG`; of `step_arguments` each flow takes those of its own steps.

    Raises:
        NotADirectoryError: there is no such folder.

    Example:
        >>> from metaflow_provider import load_flows  # airflow dag
        >>> load_flows(globals(), "flows")
    """
    root = Path(namespace.get("__file__", "."), "..", folder).resolve()
    if not root.is_dir():
        raise NotADirectoryError(f"load_flows: {root} is not a folder")
    _warn_if_not_ignored(Path(namespace.get("__file__", ".")).resolve().parent, root)
    flow_files = [f for f in sorted(root.glob(pattern)) if _may_hold_a_flow(f)]
    plan_files = [f for f in sorted(root.glob("*.json")) if _may_hold_a_plan(f)]
    compiler = Compiler(tuple(options), tuple(arguments), python)
    loaded = _compiled(flow_files, compiler) + [_read(f) for f in plan_files]
    files: dict[str, str] = {}
    for item in loaded:
        for dag in _dags(item, python, dag_arguments):
            first = files.setdefault(dag.dag_id, item.file.name)
            if first == item.file.name:
                namespace[dag.dag_id] = dag
            else:
                warnings.warn(
                    f"{item.file.name} is left out: {first} has the DAG {dag.dag_id}, too; rename one flow",
                    stacklevel=2,
                )


def load_flow(
    file: str | Path,
    *,
    options: Iterable[str] = (),
    arguments: Iterable[str] = (),
    python: str | None = None,
    **dag_arguments: Any,
) -> MetaflowDAG:
    """The DAG of one flow file, or of one compiled plan (`.json`); the arguments are those of `load_flows`.

    Raises:
        CompilationFailed: the flow does not compile and never did.
        PlanError: the plan cannot be used.
        FileNotFoundError: there is no such file.
    """
    path = Path(file).resolve()
    if not path.exists():
        raise FileNotFoundError(f"load_flow: there is no {path}")
    if path.suffix == ".json":
        return MetaflowDAG(path.read_text(encoding="utf-8"), python=python, **dag_arguments)
    (loaded,) = _compiled([path], Compiler(tuple(options), tuple(arguments), python))
    if loaded.plan is None:
        raise CompilationFailed(loaded.problem)
    return MetaflowDAG(loaded.plan, python=python, **_noting(loaded, dag_arguments))


def _warn_if_not_ignored(dag_folder: Path, flow_folder: Path) -> None:
    """Airflow looks for DAGs below the folder of the DAG file, too."""
    if dag_folder not in flow_folder.parents or _in_worker():
        return
    ignore = dag_folder / ".airflowignore"
    line = f"{flow_folder.relative_to(dag_folder).parts[0]}/"
    ignored = ignore.read_text(encoding="utf-8").split() if ignore.exists() else []
    if not {line, line.rstrip("/"), f"/{line}", f"{line}*"} & set(ignored):
        warnings.warn(
            f"So that Airflow does not take flow files for DAG files, add this line to {ignore}: {line}",
            stacklevel=3,
        )


def _may_hold_a_flow(file: Path) -> bool:
    # Editors leave links to nowhere beside the files that they have open.
    return file.is_file() and not file.name.startswith(("_", ".")) and b"FlowSpec" in file.read_bytes()


def _may_hold_a_plan(file: Path) -> bool:
    """Flows have JSON files of their own, such as configs."""
    content = file.read_bytes() if file.is_file() else b""
    return b'"flow"' in content and b'"runtime"' in content


def _compiled(files: list[Path], compiler: Compiler) -> list[_Loaded]:
    cache = PlanCache(settings.plan_cache_folder())
    entries = {file: cache.look_up(file, compiler.key) for file in files}
    # A worker that is about to run a task takes what is there: the run has begun with it.
    stale = [] if _in_worker() else [file for file, entry in entries.items() if not entry.fresh]
    if stale:
        with ThreadPoolExecutor(_COMPILERS) as pool:
            renewed = pool.map(lambda file: _compile(cache, file, compiler, entries[file].plan), stale)
            entries.update(zip(stale, renewed, strict=True))
    return [_from_entry(file, entry) for file, entry in entries.items()]


def _compile(cache: PlanCache, file: Path, compiler: Compiler, last_plan: str) -> Entry:
    started = time.time()
    try:
        compilation = compiler.compile(file)
        plan, error, dependencies = compilation.plan, "", compilation.dependencies
    except CompilationFailed as failure:
        plan, error, dependencies = last_plan, str(failure), tuple(file.parent.rglob("*.py"))
    cache.store(file, compiler.key, plan, error, dependencies, started)
    return Entry(plan, error, fresh=True)


def _from_entry(file: Path, entry: Entry) -> _Loaded:
    if not entry.plan:
        missing = f"{file.name} has no compiled plan on this machine, and a worker does not compile"
        return _Loaded(file, None, entry.error or missing)
    try:
        return _Loaded(file, loads(entry.plan), entry.error)
    except PlanError as error:
        return _Loaded(file, None, f"{file.name}: {error}")


def _read(file: Path) -> _Loaded:
    try:
        return _Loaded(file, loads(file.read_text(encoding="utf-8", errors="replace")))
    except PlanError as error:
        return _Loaded(file, None, f"{file.name}: {error}")


def _dags(loaded: _Loaded, python: str | None, dag_arguments: dict[str, Any]) -> Iterable[Any]:
    wanted = get_parsing_context().dag_id
    if loaded.problem and wanted is None:
        warnings.warn(loaded.problem, stacklevel=3)
    if loaded.plan is None:
        yield problem_dag(loaded.file.stem, loaded.problem)
    elif wanted in (None, loaded.plan.name, dag_arguments.get("dag_id")):
        yield _dag(loaded, loaded.plan, python, dag_arguments)


def _dag(loaded: _Loaded, plan: FlowPlan, python: str | None, dag_arguments: dict[str, Any]) -> Any:
    arguments = dict(dag_arguments)
    if "step_arguments" in arguments:
        own = {step.name for step in plan.steps}
        arguments["step_arguments"] = {k: v for k, v in arguments["step_arguments"].items() if k in own}
    try:
        return MetaflowDAG(plan, python=python, **_noting(loaded, arguments))
    except Exception as error:  # whatever is wrong with this flow, the others must load
        problem = f"{loaded.file.name}: {type(error).__name__}: {error}"
        warnings.warn(problem, stacklevel=4)
        return problem_dag(plan.name, problem)


def _noting(loaded: _Loaded, dag_arguments: dict[str, Any]) -> dict[str, Any]:
    """The DAG's arguments, with the problem where people look, if the plan is not of today's file."""
    if not loaded.problem:
        return dag_arguments
    assert loaded.plan is not None
    tags = {"metaflow: not up to date", *dag_tags(loaded.plan), *dag_arguments.get("tags", ())}
    note = f"**This is the last version that compiled.** {loaded.problem}"
    return {**dag_arguments, "tags": sorted(tags), "doc_md": f"{note}\n\n{documentation(loaded.plan)}"}


def _in_worker() -> bool:
    return get_parsing_context().task_id is not None
