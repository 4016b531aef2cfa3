"""What the DAG factory runs to compile a flow file.

`python -m ... FLOW_FILE PLAN_FILE DEPENDENCIES_FILE [OPTIONS] -- [ARGUMENTS]`

It is `python FLOW_FILE OPTIONS airflow plan --out PLAN_FILE ARGUMENTS`, with a check that the file holds one
flow, and a list of the files that were read. The plan file is empty if the flow file is none.
"""

from __future__ import annotations

import json
import os
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from metaflow_extensions.orchestrators.runtime.flow_file import StartsNoFlow, run_flow_file


def main(arguments: list[str]) -> None:
    """Compile; ends with `SystemExit` unless the file is no flow, the status telling whether it worked."""
    flow_file, plan_file, dependencies_file, *rest = arguments
    options, plan_options = rest[: rest.index("--")], rest[rest.index("--") + 1 :]
    path = Path(flow_file)

    opened = _opened_files()

    def plan_command(flow: Any) -> list[str]:
        _check_one_flow(path, type(flow))
        return ["--no-pylint", "--quiet", *options, "airflow", "plan", f"--out={plan_file}", *plan_options]

    try:
        run_flow_file(path, plan_command)
    except StartsNoFlow:
        if _should_start_a_flow(path):
            _check_one_flow(path, None)
            sys.exit(f"{path.name} does not start its flow: call it under if __name__ == '__main__'")
        Path(plan_file).touch()
        _write_dependencies(dependencies_file, path, opened)
    except SyntaxError as error:
        sys.exit(f"{Path(error.filename or flow_file).name}, line {error.lineno}: {error.msg}")
    except SystemExit as ending:
        if not ending.code:
            _write_dependencies(dependencies_file, path, opened)
        raise
    except Exception as error:
        sys.exit(_one_line(error, path))


def _should_start_a_flow(path: Path) -> bool:
    """A shared base class is in no script, and a script without `FlowSpec` may be anything."""
    from metaflow_provider.flow_files import is_script

    text = path.read_bytes()
    return is_script(text) and b"FlowSpec" in text


def _write_dependencies(target: str, flow_file: Path, opened: set[str]) -> None:
    names = sorted({str(file) for file in _files_read(flow_file)} | opened)
    Path(target).write_text(json.dumps(names), encoding="utf-8")


def _one_line(error: Exception, path: Path) -> str:
    """What happened, and the line of the flow file that led to it."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == str(path.resolve())
    ]
    where = f", line {lines[-1]}" if lines else ""
    text = (str(error).splitlines() or [""])[0]
    return f"{path.name}{where}: {type(error).__name__}: {text}"


def _opened_files() -> set[str]:
    """A set that fills with the files that this process reads from now on: configs, included files."""
    opened: set[str] = set()
    # Not Metaflow's own folders: production tokens and the local datastore are written to, too.
    elsewhere = (sys.prefix, sys.base_prefix, "/proc/", "/dev/", "/sys/", "/etc/", _metaflow_home())
    kept_by_others = {".metaflow", ".git"}

    def on_event(event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open" or not isinstance(arguments[0], str) or "r" not in str(arguments[1] or ""):
            return
        name = os.path.abspath(arguments[0])
        # Packing the code reads the other flows, too. Python files that count are found by `_files_read`.
        if name.endswith(".py"):
            return
        if not name.startswith(elsewhere) and not kept_by_others & set(name.split(os.sep)):
            opened.add(name)

    sys.addaudithook(on_event)
    return opened


def _check_one_flow(path: Path, started: type | None) -> None:
    from metaflow import FlowSpec

    classes = [value for value in vars(sys.modules["__main__"]).values() if isinstance(value, type)]
    flows = [c for c in classes if issubclass(c, FlowSpec) and c.__module__ == "__main__"]
    names = sorted({f.__name__ for f in flows if not any(f is not g and issubclass(g, f) for g in flows)})
    is_imported = started is not None and not names
    if len(names) != 1 and not is_imported:
        found = f"{len(names)} flows ({', '.join(names)})" if names else "no flow"
        sys.exit(f"{path.name} holds {found}; put one flow in a file")


def _files_read(flow_file: Path) -> Iterator[Path]:
    """The flow, modules that are not installed packages, files beside the flow that hold no other flow.

    Metaflow's version counts too: Metaflow is part of the code package.
    """
    from metaflow_provider.flow_files import may_hold_a_flow

    yield flow_file
    yield Path(str(sys.modules["metaflow.version"].__file__))
    installed = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
    for module in list(sys.modules.values()):
        name = getattr(module, "__file__", None)
        if name and not name.startswith(installed):
            yield Path(name)
    for sibling in flow_file.parent.rglob("*.py"):
        if sibling.is_file() and not may_hold_a_flow(sibling.read_bytes()):
            yield sibling
    yield from Path(_metaflow_home()).glob("config*.json")


def _metaflow_home() -> str:
    return os.environ.get("METAFLOW_HOME", os.path.expanduser("~/.metaflowconfig"))


if __name__ == "__main__":
    # Under its own name: the flow file takes the place of __main__.
    from metaflow_extensions.orchestrators.plugins.airflow import compilation

    compilation.main(sys.argv[1:])
