"""Kubernetes, Argo Workflows, JobSet and CoreDNS, built from the exact versions and checksums in `go/`.

Go compares what the module proxy gives with the checksum database; a version that the database does not know
(of Argo 4, all but 4.0.2) cannot be built.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from filelock import FileLock

from integration.harness.cluster.layout import JOBSET, KUBERNETES, shared_cache
from integration.harness.process import Missing, base_env

MODULES = Path(__file__).parent / "go"


@dataclass(frozen=True)
class ArgoPrograms:
    """What makes Argo Workflows: three programs and the folder of its custom resource definitions."""

    controller: Path
    executor: Path
    cli: Path
    crds: Path


def build_kubernetes() -> Path:
    """One program that is every component by its first argument: the API server, kubelet, etcd, kubectl …"""
    version = "k8s.io/component-base/version"
    major, minor, _ = KUBERNETES.split(".")
    values = {
        f"{version}.gitVersion": f"v{KUBERNETES}",
        f"{version}.gitMajor": major,
        f"{version}.gitMinor": minor,
        f"{version}.gitTreeState": "clean",
        "k8s.io/client-go/pkg/version.gitVersion": f"v{KUBERNETES}",
    }
    return _program(f"kubernetes-{KUBERNETES}", MODULES / "kubernetes", ".", values)


def build_pause() -> Path:
    """The program that holds a pod's namespaces."""
    return _program("pause", MODULES / "pause", ".")


def build_coredns() -> Path:
    return _program("coredns", MODULES / "coredns", "github.com/coredns/coredns")


def build_jobset() -> Path:
    return _program(f"jobset-{JOBSET}", MODULES / "jobset", "sigs.k8s.io/jobset")


def jobset_manifests() -> Path:
    """The folder of JobSet's manifests."""
    return _source(MODULES / "jobset", "sigs.k8s.io/jobset") / "config" / "default"


def build_argo(version: str) -> ArgoPrograms:
    """The programs of one version of Argo Workflows.

    Raises:
        Missing: it is not in the cache, and Go is not on PATH or cannot build it.
    """
    module = MODULES / f"argo-{version}"
    path = f"github.com/argoproj/argo-workflows/v{version.split('.')[0]}"
    tag = f"v{version}"
    # Argo takes itself for a release only if it knows a commit, too; its module tells none.
    known = {"version": tag, "gitTag": tag, "gitCommit": tag, "gitTreeState": "clean"}
    values = {f"{path}.{variable}": value for variable, value in known.items()}
    source = _argo_source(module, path)

    def program(name: str) -> Path:
        return _program(f"{name}-{version}", module, f"{path}/cmd/{name}", values, [f"-modfile={source}.mod"])

    crds = source / "manifests" / "base" / "crds" / "full"
    return ArgoPrograms(program("workflow-controller"), program("argoexec"), program("argo"), crds)


def _argo_source(module: Path, path: str) -> Path:
    """A copy of Argo's source with two files that its module lacks, beside a go.mod that names the copy.

    A module holds no symbolic link, and `signal_linux.go` is one; the server embeds its UI as built pages,
    and an empty one takes their place.
    """

    def complete(source: Path) -> None:
        signals = source / "workflow" / "executor" / "osspecific"
        shutil.copyfile(signals / "signal_darwin.go", signals / "signal_linux.go")
        page = source / "ui" / "dist" / "app" / "index.html"
        page.parent.mkdir(parents=True)
        page.write_text("<html></html>\n")

    source = _source(module, path, complete)
    replaced = Path(f"{source}.mod")
    if not replaced.exists():
        shutil.copyfile(module / "go.sum", f"{source}.sum")
        text = (module / "go.mod").read_text()
        replaced.write_text(f"{text}\nreplace {path} => {source}\n")
    return source


def _source(module: Path, path: str, complete: Callable[[Path], None] = lambda source: None) -> Path:
    """A copy of the source of what a module requires, changed by `complete`."""
    source = shared_cache() / "source" / f"{module.name}-{_pinned(module)}"
    with _locked(source):
        if not source.exists():
            _go(["mod", "download", path], module)
            original = _go(["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", path], module).strip()
            unfinished = Path(f"{source}.building")
            shutil.rmtree(unfinished, ignore_errors=True)
            shutil.copytree(original, unfinished, copy_function=shutil.copyfile)
            complete(unfinished)
            unfinished.rename(source)
    return source


def _program(
    name: str,
    module: Path,
    package: str,
    values: Mapping[str, str] = MappingProxyType({}),
    options: Sequence[str] = (),
) -> Path:
    """The program of `package`, from the cache or built.

    Args:
        name: of the file in the cache.
        module: the folder whose go.mod and go.sum pin every version.
        package: what is built, as Go names it.
        values: of variables, set by the linker.
        options: further ones of `go build`.
    """
    flags = " ".join(["-s -w", *(f"-X {variable}={value}" for variable, value in values.items())])
    binary = shared_cache() / "bin" / f"{name}-{_pinned(module, flags)}"
    with _locked(binary):
        if binary.exists():
            return binary
        started = time.monotonic()
        print(f"building {name}", file=sys.stderr)
        unfinished = Path(f"{binary}.building")
        target = ["-trimpath", f"-ldflags={flags}", "-o", str(unfinished), package]
        _go(["build", "-mod=readonly", "-buildvcs=false", *options, *target], module)
        os.replace(unfinished, binary)
        print(f"built {name} in {time.monotonic() - started:.0f} s", file=sys.stderr)
    return binary


def _pinned(module: Path, flags: str = "") -> str:
    """A digest of the sources and versions of a module, and of the linker's flags."""
    files = sorted(file for file in module.iterdir() if file.is_file())
    return hashlib.sha256(b"".join(file.read_bytes() for file in files) + flags.encode()).hexdigest()[:12]


def _locked(made: Path) -> FileLock:
    """Held while something is made, so that two builds at once make it once."""
    made.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(f"{made}.lock")


def _go(arguments: Sequence[str], module: Path) -> str:
    """What a command of Go prints, run in the folder of a module."""
    go = shutil.which("go")
    if go is None:
        raise Missing(f"{module.name} has to be built with Go, which is not on PATH: install it from go.dev")
    env = {**base_env(), "CGO_ENABLED": "0"}
    done = subprocess.run([go, *arguments], cwd=module, env=env, capture_output=True, text=True)
    if done.returncode:
        raise Missing(f"go {arguments[0]} in {module}: {done.stderr.strip()[-500:]}")
    return done.stdout
