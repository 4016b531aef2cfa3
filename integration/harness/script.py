"""Python in a process of its own, with nothing of the caller's but what it is given."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_SCRIPT = """\
import json
{text}
print()
print(json.dumps(said))
"""


def said_by(text: str, folder: Path, env: Mapping[str, str]) -> Any:
    """Run a script in a folder; returns what it leaves in `said`, which has to be JSON data.

    Raises:
        AssertionError: it failed; the message is the end of what it printed.

    Example:
        said_by("from metaflow import Deployer\\nsaid = Deployer('flow.py').flow_file", tmp_path, base_env())
    """
    script = _SCRIPT.format(text=textwrap.dedent(text))
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])
