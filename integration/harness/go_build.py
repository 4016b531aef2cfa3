"""Servers written in Go, built once a machine from the exact versions in `go/<name>/go.mod`."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from filelock import FileLock

from integration.harness.process import Missing, base_env, cache_dir

MODULES = Path(__file__).parent / "go"


def go_binary(name: str, package: str) -> Path:
    """The program of `package`, built by the module `go/<name>` unless it is in the cache already.

    Raises:
        Missing: it is not in the cache and Go is not on PATH, or Go cannot build it (no network, say).

    Example:
        go_binary("versitygw", "github.com/versity/versitygw/cmd/versitygw")
    """
    module = MODULES / name
    pinned = hashlib.sha256((module / "go.mod").read_bytes() + (module / "go.sum").read_bytes()).hexdigest()
    folder = cache_dir() / "bin"
    folder.mkdir(exist_ok=True)
    binary = folder / f"{name}-{pinned[:12]}"
    with FileLock(f"{binary}.lock"):
        if not binary.exists():
            _build(module, package, binary)
    return binary


def _build(module: Path, package: str, binary: Path) -> None:
    go = shutil.which("go")
    if go is None:
        raise Missing(f"{module.name} has to be built with Go, which is not on PATH: install it from go.dev")
    unfinished = binary.with_suffix(".building")
    built = subprocess.run(
        [go, "build", "-mod=readonly", "-trimpath", "-ldflags=-s -w", "-o", str(unfinished), package],
        cwd=module,
        env={**base_env(), "CGO_ENABLED": "0"},
        capture_output=True,
        text=True,
    )
    if built.returncode:
        raise Missing(f"Go could not build {package}: {built.stderr.strip()[-500:]}")
    os.replace(unfinished, binary)
