"""Executes a flow file as a script, with arguments that depend on the flow.

As `__main__`, so that classes that it defines are pickled as in a local run. Metaflow's command line gets
its arguments once the flow's class, and with it the graph, exists.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn


class StartsNoFlow(Exception):
    """The file was executed to its end and started no flow."""


def run_flow_file(path: Path, arguments: Callable[[Any], list[str]]) -> NoReturn:
    """Execute the flow file in its folder; the flow's command line gets `arguments(flow)`.

    Raises:
        SystemExit: the command has been carried out; its code is the command's.
        StartsNoFlow: the file calls no flow.
    """
    from metaflow import FlowSpec

    path = path.resolve()
    os.chdir(path.parent)
    sys.path[0] = str(path.parent)
    sys.argv = [str(path)]
    module = _emptied_main()
    module.__file__, module.__spec__ = str(path), None
    construct = FlowSpec.__init__

    def construct_with_arguments(flow: Any, use_cli: bool = True) -> None:
        # Before Metaflow's command line is imported, which looks at the flow's class.
        if use_cli:
            sys.argv[1:] = arguments(flow)
        construct(flow, use_cli)

    FlowSpec.__init__ = construct_with_arguments
    exec(compile(path.read_bytes(), str(path), "exec", dont_inherit=True), module.__dict__)
    raise StartsNoFlow(f"{path.name} does not start a flow: it should call it when run as a script")


def _emptied_main() -> ModuleType:
    """This process's `__main__` without the names of its own script.

    It is kept, and in it the named tuples that Metaflow has put there, since artifacts refer to them.
    """
    module = sys.modules["__main__"]
    for name, value in list(vars(module).items()):
        is_named_tuple = isinstance(value, type) and issubclass(value, tuple)
        if not name.startswith("__") and not is_named_tuple:
            delattr(module, name)
    return module
