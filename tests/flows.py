"""Flow files for tests, and Metaflow's command line on them, each command in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from integration.harness.process import base_env
from metaflow_provider.plan import FlowPlan, loads

_FLOW = '''\
{head}

{decorators}
class {name}(FlowSpec):
    """{doc}"""

{parameters}
{start}
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    {name}()
'''
_HEAD = "from metaflow import *"


def flow(
    name: str = "TrainFlow",
    *,
    doc: str = "",
    decorators: str = "",
    parameters: str = "",
    start: str = "",
    head: str = "",
) -> str:
    """Text of a flow file with the steps `start` and `end`.

    `decorators` are the flow's, one a line; `parameters` is the body of the class; `start` are decorators
    of the first step; `head` comes before the class.
    """

    def indented(text: str) -> str:
        return "\n".join(f"    {line}" for line in text.splitlines())

    return _FLOW.format(
        head=f"{_HEAD}\n{head}",
        decorators=decorators,
        name=name,
        doc=doc or "A flow.",
        parameters=indented(parameters),
        start=indented(start),
    )


@dataclass(frozen=True)
class Ended:
    """How a command ended. Metaflow talks on stderr."""

    status: int
    out: str
    err: str

    @property
    def said(self) -> list[str]:
        """What it said, without Metaflow's greeting."""
        lines = [line.strip() for line in self.err.replace("\x1b[K", "").splitlines()]
        return [line for line in lines if line and not line.startswith("Metaflow 2")]

    @property
    def reason(self) -> str:
        """Why it was refused: one line, which some of Metaflow's own exceptions give a headline."""
        *headline, reason = self.said
        assert len(headline) <= 1, self.err
        return reason


@dataclass(frozen=True)
class Place:
    """A folder for flow files, with a home and a local datastore of its own."""

    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def env(self) -> dict[str, str]:
        own = {
            "METAFLOW_HOME": str(self.folder / "home"),
            "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(self.store),
        }
        return {**base_env(), **own, **self.variables}

    @property
    def store(self) -> Path:
        return self.folder / "store"

    def saved(self) -> list[str]:
        """Files in the datastore."""
        files = (path for path in self.store.rglob("*") if path.is_file())
        return sorted(file.relative_to(self.store).as_posix() for file in files)

    def files(self) -> dict[str, str]:
        """Everything in the folder but Python's caches, each file with a digest of its content."""
        files = (
            path for path in self.folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts
        )
        return {
            file.relative_to(self.folder).as_posix(): sha256(file.read_bytes()).hexdigest() for file in files
        }

    def write(self, text: str, name: str = "train.py") -> Path:
        file = self.folder / name
        file.write_text(text, encoding="utf-8")
        return file

    def run(
        self,
        file: Path,
        *arguments: str,
        cwd: Path | None = None,
        without: tuple[str, ...] = (),
        quiet: bool = True,
    ) -> Ended:
        """`python FILE ARGUMENTS` without pylint; `without` names variables to leave out."""
        env = {name: value for name, value in self.env.items() if name not in without}
        command = [sys.executable, str(file), *(["--quiet"] if quiet else []), "--no-pylint", *arguments]
        done = subprocess.run(
            command, cwd=cwd or self.folder, env=env, capture_output=True, text=True, check=False
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def plan_text(
        self, file: Path, *options: str, before: tuple[str, ...] = (), cwd: Path | None = None
    ) -> str:
        """What `airflow plan` prints; `before` are options of the flow's command line."""
        ended = self.run(file, *before, "airflow", "plan", "--no-upload", *options, cwd=cwd)
        assert ended.status == 0, ended.err
        return ended.out

    def plan(self, text: str, *options: str, before: tuple[str, ...] = ()) -> FlowPlan:
        """The plan of a flow file with this text."""
        return loads(self.plan_text(self.write(text), *options, before=before))

    def refusal(self, text: str, *options: str, before: tuple[str, ...] = ()) -> list[str]:
        """What `airflow check` says of a flow that it must refuse."""
        ended = self.run(self.write(text), *before, "airflow", "check", *options)
        assert ended.status == 1, (ended.out, ended.err)
        assert "Traceback" not in ended.err, ended.err
        return ended.said
