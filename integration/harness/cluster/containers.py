"""containerd's images and containers, by its own command `ctr`."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from integration.harness.cluster.layout import Layout
from integration.harness.process import NotStarted, wait_until


@dataclass(frozen=True)
class Containers:
    """What containerd holds for Kubernetes.

    Example:
        Containers(layout).load(Path("image.tar"))
    """

    layout: Layout

    def answers(self) -> bool:
        return subprocess.run(self._command("version"), capture_output=True).returncode == 0

    def load(self, archive: Path) -> None:
        """Import an image's archive, unless this very file was imported before."""
        status = archive.stat()
        loaded = self.layout.folder / "loaded" / f"{archive.name}-{status.st_mtime_ns}-{status.st_size}"
        if not loaded.exists():
            self._ctr("images", "import", str(archive))
            loaded.parent.mkdir(exist_ok=True)
            loaded.touch()

    def remove_all(self) -> None:
        """Kill and remove every container; their shims end with them."""
        wait_until(self._no_task_left, 30, "the containers' processes end")
        known = self._ctr("containers", "ls", "--quiet").split()
        if known:
            self._ctr("containers", "rm", *known)

    def _no_task_left(self) -> bool:
        running = self._ctr("tasks", "ls", "--quiet").split()
        if running:
            # Not checked: containerd itself removes those that it has seen end.
            subprocess.run(self._command("tasks", "rm", "--force", *running), capture_output=True)
        return not running

    def _ctr(self, *arguments: str) -> str:
        done = subprocess.run(self._command(*arguments), capture_output=True, text=True)
        if done.returncode:
            raise NotStarted(f"ctr {' '.join(arguments[:2])}: {done.stderr.strip()[-500:]}")
        return done.stdout

    def _command(self, *arguments: str) -> list[str]:
        return ["ctr", "--address", str(self.layout.socket), "--namespace", "k8s.io", *arguments]
