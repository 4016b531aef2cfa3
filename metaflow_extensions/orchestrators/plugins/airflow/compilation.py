"""What the DAG factory runs to compile a flow file.

`python -m ... FLOW_FILE PLAN_FILE DEPENDENCIES_FILE [options of airflow plan]`

It is `python FLOW_FILE airflow plan --out PLAN_FILE`, with a check that the file holds one flow, and a list
of the files that were read.
"""

from __future__ import annotations

import json
import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from metaflow_extensions.orchestrators.runtime.flow_file import StartsNoFlow, run_flow_file


def main(arguments: list[str]) -> None:
    """Compile; ends with `SystemExit`, the status telling whether it worked."""
    flow_file, plan_file, dependencies_file, *options = arguments
    path = Path(flow_file)

    def plan_command(flow: Any) -> list[str]:
        _check_one_flow(path)
        return ["--no-pylint", "--quiet", "airflow", "plan", f"--out={plan_file}", *options]

    try:
        run_flow_file(path, plan_command)
    except StartsNoFlow:
        _check_one_flow(path)
        sys.exit(f"{path.name} does not start its flow: call it under if __name__ == '__main__'")
    except SyntaxError as error:
        sys.exit(f"{Path(error.filename or flow_file).name}, line {error.lineno}: {error.msg}")
    except SystemExit as ending:
        if not ending.code:
            names = sorted({str(file) for file in _files_read(path)})
            Path(dependencies_file).write_text(json.dumps(names), encoding="utf-8")
        raise


def _check_one_flow(path: Path) -> None:
    from metaflow import FlowSpec

    classes = [value for value in vars(sys.modules["__main__"]).values() if isinstance(value, type)]
    flows = [c for c in classes if issubclass(c, FlowSpec) and c.__module__ == "__main__"]
    names = sorted({f.__name__ for f in flows if not any(f is not g and issubclass(g, f) for g in flows)})
    if len(names) != 1:
        found = f"{len(names)} flows ({', '.join(names)})" if names else "no flow"
        sys.exit(f"{path.name} holds {found}; put one flow in a file")


def _files_read(flow_file: Path) -> Iterator[Path]:
    """The flow, modules that are not installed packages, files beside the flow that hold no other flow.

    Metaflow's version counts too: Metaflow is part of the code package.
    """
    yield flow_file
    yield Path(str(sys.modules["metaflow.version"].__file__))
    installed = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
    for module in list(sys.modules.values()):
        name = getattr(module, "__file__", None)
        if name and not name.startswith(installed):
            yield Path(name)
    for sibling in flow_file.parent.rglob("*.py"):
        if sibling.is_file() and "FlowSpec" not in sibling.read_text(encoding="utf-8", errors="replace"):
            yield sibling
    home = os.environ.get("METAFLOW_HOME", os.path.expanduser("~/.metaflowconfig"))
    yield from Path(home).glob("config*.json")


if __name__ == "__main__":
    main(sys.argv[1:])
