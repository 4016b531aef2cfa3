"""Programs of npm packages."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from filelock import FileLock

from integration.harness.process import Missing, cache_dir


def npm_program(package: str, program: str) -> Path:
    """A program of an npm package, installed once a machine.

    Raises:
        Missing: there is no npm, or it cannot install the package.
    """
    folder = cache_dir() / package
    file = folder / "node_modules/.bin" / program
    with FileLock(f"{folder}.lock"):
        if file.exists():
            return file
        npm = shutil.which("npm")
        if npm is None:
            raise Missing(f"{package} needs npm")
        install = [npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", package]
        done = subprocess.run(install, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise Missing(f"npm cannot install {package}: {done.stderr.strip()[-300:]}")
    return file
