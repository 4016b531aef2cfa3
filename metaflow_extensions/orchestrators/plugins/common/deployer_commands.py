"""A Deployer's commands: the flow's own command line in a process, with the reason when it fails."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from metaflow._vendor import click

# Linux takes no longer string on a command line.
_LONGEST_ARGUMENT = 128 * 1024 - 1


def succeeds(deployer: Any, command: str, /, **options: Any) -> bool:
    """Run a command of the deployer's group; whether it succeeded.

    Args:
        deployer: an `EngineDeployer`.
        command: its name, with `_` for `-`; it takes a production token.
        **options: its options, under their Python names.

    Raises:
        ValueError: an option that the command does not have.
        TypeError: a value of the wrong type.
    """
    if deployer.authorize:
        options = {"authorize": deployer.authorize, **options}
    return bool(_run(deployer, _arguments(deployer, command, options)).process.returncode == 0)


def told_by(deployer: Any, command: str, /, **options: Any) -> str:
    """What a command of the deployer's group writes to its attribute file.

    Raises:
        ValueError: an option that the command does not have, or a value too long for a command line.
        TypeError: a value of the wrong type.
        RuntimeError: it failed; the text says why.
    """
    from metaflow.runner.utils import handle_timeout, temporary_fifo

    with temporary_fifo() as (path, file):
        arguments = _arguments(deployer, command, {**options, "deployer_attribute_file": path})
        process = _start(deployer, arguments)
        content = str(handle_timeout(file, process, deployer.file_read_timeout))
        process.sync_wait()
    if process.process.returncode:
        raise RuntimeError(f"{command} {deployer.name} on {deployer.TYPE} failed: {reason(process)}")
    return content


def reason(process: Any) -> str:
    """The last line that a command printed on stderr, which says why it failed."""
    with open(process.log_files["stderr"], encoding="utf-8", errors="replace") as log:
        lines = [click.unstyle(line).strip() for line in log]
    return next((line for line in reversed(lines) if line), "it said nothing")


def last_process(deployer: Any) -> Any:
    """The process that the deployer started last; `None` if there is none."""
    return next(reversed(deployer.spm.commands.values()), None)


def _arguments(deployer: Any, command: str, options: dict[str, Any]) -> list[str]:
    from metaflow.runner.utils import get_lower_level_group

    # Files of configs are named from the deployer's folder.
    with _inside(deployer.cwd):
        group = get_lower_level_group(
            deployer.api, deployer.top_level_kwargs, deployer.TYPE, deployer.deployer_kwargs
        )
        arguments: list[str] = [str(part) for part in getattr(group, command)(**options)]
    for argument in arguments:
        if len(argument.encode()) > _LONGEST_ARGUMENT:
            raise ValueError(
                f"the value {argument[:40]!r}… has {len(argument.encode())} bytes, which is more than a "
                f"command line takes ({_LONGEST_ARGUMENT}); put the data into S3, and pass its address"
            )
    return arguments


def _run(deployer: Any, arguments: list[str]) -> Any:
    process = _start(deployer, arguments)
    process.sync_wait()
    return process


def _start(deployer: Any, arguments: list[str]) -> Any:
    manager = deployer.spm
    return manager.get(
        manager.run_command(
            [sys.executable, *arguments],
            env=deployer.env_vars,
            cwd=deployer.cwd,
            show_output=deployer.show_output,
        )
    )


@contextmanager
def _inside(folder: str) -> Iterator[None]:
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
