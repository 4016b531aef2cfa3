"""The DAG factory: DAGs of a folder of flow files, without importing a flow, or Metaflow, into Airflow."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import settings
from .compilation import CompilationFailed, Compiler
from .compile_job import Job, Outcome, run_detached
from .dag.metaflow_dag import MetaflowDAG, dag_tags, documentation
from .dag.problem import problem_dag, problem_dag_id
from .flow_files import may_hold_a_flow
from .plan import FlowPlan, PlanError, loads
from .plan_cache import Entry
from .version_compat import get_parsing_context

# Compilations at a time: most of one is reading modules from disk.
_COMPILERS = 4


@dataclass(frozen=True)
class _Loaded:
    """A plan, or what is wrong; both where the last good plan stands in for one that does not compile."""

    file: Path
    plan: FlowPlan | None
    problem: str = ""

    def dag_id(self, dag_arguments: dict[str, Any]) -> str:
        """What its DAG is called."""
        if self.plan is None:
            return problem_dag_id(self.file.stem)
        return str(dag_arguments.get("dag_id", self.plan.name))


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
    and the others load as ever. A process that is about to run a task never compiles, and makes its DAG only.

    Args:
        namespace: the DAG file's `globals()`.
        folder: relative to the DAG file, or absolute.
        pattern: of the flow files in it; those that start no flow are left alone.
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
    loaded = _compiled(flow_files, _compiler(options, arguments, python)) + [_read(f) for f in plan_files]
    _warn_of_unknown_steps(loaded, dag_arguments)
    wanted = get_parsing_context().dag_id
    files: dict[str, str] = {}
    for item in loaded:
        if wanted not in (None, item.dag_id(dag_arguments)):
            continue
        dag = _dag(item, python, dag_arguments)
        first = files.setdefault(dag.dag_id, item.file.name)
        if first == item.file.name:
            namespace[dag.dag_id] = dag
        else:
            warnings.warn(
                f"{item.file.name} is left out: {first} has the DAG {dag.dag_id}, too; rename one flow",
                stacklevel=2,
            )
    if wanted is None or wanted not in namespace:
        for problem in (item.problem for item in loaded if item.problem):
            warnings.warn(problem, stacklevel=2)


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
    loaded = _compiled([path], _compiler(options, arguments, python))
    if not loaded:
        raise CompilationFailed(f"{path.name} starts no flow: call it under if __name__ == '__main__'")
    if loaded[0].plan is None:
        raise CompilationFailed(loaded[0].problem)
    return MetaflowDAG(loaded[0].plan, python=python, **_noting(loaded[0], dag_arguments))


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


def _warn_of_unknown_steps(loaded: list[_Loaded], dag_arguments: dict[str, Any]) -> None:
    known = {step.name for item in loaded if item.plan for step in item.plan.steps}
    unknown = sorted(set(dag_arguments.get("step_arguments") or ()) - known)
    if unknown and not _in_worker():
        warnings.warn(f"step_arguments: no flow here has a step {', '.join(unknown)}", stacklevel=3)


def _may_hold_a_flow(file: Path) -> bool:
    # Editors leave links to nowhere beside the files that they have open.
    return file.is_file() and not file.name.startswith(("_", ".")) and may_hold_a_flow(file.read_bytes())


def _may_hold_a_plan(file: Path) -> bool:
    """Flows have JSON files of their own, such as configs."""
    content = file.read_bytes() if file.is_file() else b""
    return b'"flow"' in content and b'"runtime"' in content


def _compiler(options: Iterable[str], arguments: Iterable[str], python: str | None) -> Compiler:
    return Compiler(tuple(options), tuple(arguments), python, settings.python(), settings.compile_timeout())


def _compiled(files: list[Path], compiler: Compiler) -> list[_Loaded]:
    """What the cache holds of the files, compiled first where it is old, without files that are no flow."""
    jobs = [Job(file, compiler, settings.plan_cache_folder()) for file in files]
    # A worker that is about to run a task takes what is there: the run has begun with it.
    loaded = [_of_worker(job) for job in jobs] if _in_worker() else _up_to_date(jobs)
    return [item for item in loaded if item.plan or item.problem]


def _of_worker(job: Job) -> _Loaded:
    cache = job.cache
    entry = cache.last(job.flow_file, job.compiler.key)
    if entry is not None:
        return _from_entry(job.flow_file, entry)
    missing = (
        f"{job.flow_file.name} has no compiled plan in {job.cache_folder}, and a worker does not compile"
    )
    remedy = "share [metaflow] plan_cache_folder with the DAG processor, or load compiled plans"
    return _Loaded(job.flow_file, None, f"{missing}; {cache.problem or remedy}")


def _up_to_date(jobs: list[Job]) -> list[_Loaded]:
    entries = {job: job.cache.look_up(job.flow_file, job.compiler.key) for job in jobs}
    outcomes = _run_all([job for job, entry in entries.items() if not entry.fresh])
    for problem in sorted({outcome.problem for outcome in outcomes.values() if outcome.problem}):
        warnings.warn(problem, stacklevel=4)
    entries.update({job: outcome.entry for job, outcome in outcomes.items()})
    return [_from_entry(job.flow_file, entry) for job, entry in entries.items()]


def _run_all(jobs: list[Job]) -> dict[Job, Outcome]:
    pool = ThreadPoolExecutor(_COMPILERS)
    try:
        return dict(zip(jobs, pool.map(run_detached, jobs), strict=True))
    finally:
        # Airflow may end the parser meanwhile; what has begun goes on without it.
        pool.shutdown(wait=False, cancel_futures=True)


def _from_entry(file: Path, entry: Entry) -> _Loaded:
    if not entry.plan:
        return _Loaded(file, None, entry.error)
    try:
        return _Loaded(file, loads(entry.plan), entry.error)
    except PlanError as error:
        return _Loaded(file, None, f"{file.name}: {error}")


def _read(file: Path) -> _Loaded:
    try:
        return _Loaded(file, loads(file.read_text(encoding="utf-8", errors="replace")))
    except PlanError as error:
        return _Loaded(file, None, f"{file.name}: {error}")


def _dag(loaded: _Loaded, python: str | None, dag_arguments: dict[str, Any]) -> Any:
    if loaded.plan is None:
        return problem_dag(loaded.file.stem, loaded.problem)
    arguments = dict(dag_arguments)
    own = {step.name for step in loaded.plan.steps}
    arguments["step_arguments"] = {
        name: value for name, value in (arguments.get("step_arguments") or {}).items() if name in own
    }
    try:
        return MetaflowDAG(loaded.plan, python=python, **_noting(loaded, arguments))
    except Exception as error:  # whatever is wrong with this flow, the others must load
        problem = f"{loaded.file.name}: {type(error).__name__}: {error}"
        warnings.warn(problem, stacklevel=3)
        return problem_dag(loaded.plan.name, problem)


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
