"""kubectl, for what starts and looks at a cluster."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Kubectl:
    """kubectl with a cluster's credentials.

    Args:
        command: what to call it by, with all that has to stand before its arguments.
        env: of its process, with KUBECONFIG.

    Example:
        cluster.kubectl.get("nodes")["items"]
    """

    command: Sequence[str]
    env: Mapping[str, str]

    def run(self, *arguments: str, given: str = "") -> str:
        """What kubectl prints.

        Args:
            arguments: of kubectl.
            given: its standard input.

        Raises:
            KubectlError: it refused; the message is what it said.
        """
        done = subprocess.run(
            [*self.command, *arguments],
            input=given,
            env={**os.environ, **self.env},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise KubectlError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()[-1000:]}")
        return done.stdout

    def succeeds(self, *arguments: str) -> bool:
        """Whether kubectl does not refuse."""
        try:
            self.run(*arguments)
        except KubectlError:
            return False
        return True

    def get(self, *arguments: str) -> Any:
        """The object, or the list of objects under `items`, that `kubectl get` finds."""
        return json.loads(self.run("get", *arguments, "--output=json"))

    def apply(self, objects: Sequence[object]) -> None:
        """Create the objects, or change those that are there."""
        listed = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        self.run("apply", "--server-side", "--force-conflicts", "--filename=-", given=json.dumps(listed))


class KubectlError(RuntimeError):
    """kubectl refused a command."""
