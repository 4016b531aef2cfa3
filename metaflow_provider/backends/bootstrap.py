"""Steps whose Python comes from Metaflow's conda, pypi or uv environments."""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path

from ..plan.model import Step

# Metaflow's bootstrap lines call these functions of its own containers' preamble.
_PREAMBLE = ("set -e", 'mflog() { echo "$1"; }', "flush_mflogs() { :; }")


def bash_command(step: Step, python: str, code: Path, module: str) -> list[str]:
    """A command that makes the step's environment, once a package, then runs `module` with it.

    The text is Metaflow's own, fixed when the flow was compiled; what follows it are arguments.
    """
    once = [line for line in step.bootstrap if not line.startswith("export ")]
    always = [line for line in step.bootstrap if line.startswith("export ")]
    name = hashlib.sha1("\n".join(once).encode(), usedforsecurity=False).hexdigest()[:12]
    done, lock = (shlex.quote(str(code / f".bootstrap-{name}.{kind}")) for kind in ("done", "lock"))
    lines = [
        *_PREAMBLE,
        f"export PATH={shlex.quote(str(Path(python).parent))}:$PATH",
        # The lock belongs to the open file, which this shell keeps; flock(1) is not on every system.
        f"exec 9>{lock}; {shlex.quote(python)} -IS -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)'",
        f"if [ ! -e {done} ]; then",
        # Without the lock, which what these lines start could keep after their end.
        "(",
        *once,
        ") 9>&-",
        f"touch {done}; fi",
        "exec 9>&-",
        *always,
        f'exec {step.executable} -m {module} "$@"',
    ]
    return ["bash", "-c", "\n".join(lines), "metaflow"]
