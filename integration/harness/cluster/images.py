"""Container images, written as archives from local files: no daemon, no registry.

Tasks run in the Python image, which holds what Metaflow imports there; the code under test reaches pods in
Metaflow's code package.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from integration.harness.cluster.layout import PYTHON_IMAGE, architecture, shared_cache
from integration.harness.process import ROOT, Missing

SUITE = "bookworm"
REQUIREMENTS = ("metaflow", "boto3", "requests", "kubernetes")
SEARCH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class ImageConfig:
    """What a container of an image starts with.

    Args:
        entrypoint: the program that every container runs, with its first arguments.
        command: the further arguments, which a container may replace.
        user: `uid:gid`, empty for root.
        env: `NAME=VALUE` texts, over a PATH.
    """

    entrypoint: Sequence[str] = ()
    command: Sequence[str] = ()
    user: str = ""
    env: Sequence[str] = ()


def write_image(archive: Path, name: str, layer: Path, config: ImageConfig) -> None:
    """Write an image of one layer as the archive that `docker load` and containerd import.

    Args:
        archive: the tar file to write.
        name: with its tag, `harness.local/x:1`.
        layer: a tar file with the image's files.
        config: what a container starts with.

    Example:
        write_image(Path("true.tar"), "harness.local/true:1", layer, ImageConfig(entrypoint=["/true"]))
    """
    digest = _digest(layer)
    described = {
        "architecture": architecture(),
        "os": "linux",
        "config": {
            "Env": [f"PATH={SEARCH}", *config.env],
            "Entrypoint": list(config.entrypoint),
            "Cmd": list(config.command),
            "User": config.user,
            "WorkingDir": "/",
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }
    encoded = json.dumps(described, sort_keys=True).encode()
    config_name = f"{hashlib.sha256(encoded).hexdigest()}.json"
    layer_name = f"{digest}/layer.tar"
    manifest = [{"Config": config_name, "RepoTags": [name], "Layers": [layer_name]}]
    unfinished = archive.with_suffix(".building")
    with tarfile.open(unfinished, "w") as tar:
        tar.add(layer, layer_name)
        _add_bytes(tar, config_name, encoded)
        _add_bytes(tar, "manifest.json", json.dumps(manifest).encode())
    os.replace(unfinished, archive)


def program_image(name: str, program: Path, path: str, user: str = "") -> Path:
    """The archive of an image that holds one static program and runs it.

    Args:
        name: of the image.
        program: the file.
        path: its place in the image.
        user: `uid:gid` that it runs as.
    """
    config = ImageConfig(entrypoint=[path], user=user)
    archive = _archive(name, program.name.encode() + repr(config).encode())
    with FileLock(f"{archive}.lock"):
        if not archive.exists():
            layer = archive.with_suffix(".layer")
            _write_program(program, path, layer)
            write_image(archive, name, layer, config)
            layer.unlink()
    return archive


def python_image() -> Path:
    """The archive of the image for tasks: Debian's Python, with REQUIREMENTS as pinned by the project."""
    constraints = ROOT / "constraints.txt"
    recipe = Path(__file__).read_bytes() + constraints.read_bytes()
    archive = _archive(PYTHON_IMAGE, recipe)
    with FileLock(shared_cache() / "python.lock"):
        if not archive.exists():
            root = _debian()
            _install(root, constraints)
            layer = archive.with_suffix(".layer")
            _tar(root, layer)
            # Metaflow would install boto3 and requests at the start of every task.
            config = ImageConfig(command=["python3"], env=["METAFLOW_SKIP_INSTALL_DEPENDENCIES=1"])
            write_image(archive, PYTHON_IMAGE, layer, config)
            layer.unlink()
            for older in set(archive.parent.glob("python-*.tar")) - {archive}:
                older.unlink()
    return archive


def _write_program(program: Path, path: str, layer: Path) -> None:
    """A layer with a program and the two folders that a container cannot do without."""
    with tarfile.open(layer, "w") as tar:
        for directory, mode in (("etc", 0o755), ("tmp", 0o1777)):
            entry = tarfile.TarInfo(directory)
            entry.type, entry.mode = tarfile.DIRTYPE, mode
            tar.addfile(entry)
        with program.open("rb") as content:
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = program.stat().st_size, 0o755
            tar.addfile(entry, content)


def _debian() -> Path:
    """The folder of a minimal Debian with Python."""
    root = shared_cache() / f"debian-{SUITE}"
    if not root.exists():
        print(f"making a Debian {SUITE} with Python", file=sys.stderr)
        unfinished = root.with_suffix(".building")
        shutil.rmtree(unfinished, ignore_errors=True)
        options = ["--variant=minbase", "--include=python3,ca-certificates"]
        _run(["debootstrap", *options, SUITE, str(unfinished)])
        (unfinished / "usr" / "bin" / "python").symlink_to("python3")
        unfinished.rename(root)
    return root


def _install(root: Path, constraints: Path) -> None:
    """Install REQUIREMENTS into a Debian, compiled by its own Python: pods keep nothing that they compile."""
    python = (root / "usr" / "bin" / "python3").readlink().name
    packages = root / "usr" / "local" / "lib" / python / "dist-packages"
    shutil.rmtree(packages, ignore_errors=True)
    packages.mkdir(parents=True)
    version = python.removeprefix("python")
    wanted = ["--target", str(packages), "--python-version", version, "--only-binary", ":all:"]
    _run([*_pip(), "install", "--quiet", *wanted, "--constraint", str(constraints), *REQUIREMENTS])
    # By digest, not by time: the times of files are not kept in layers.
    compiling = ["-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    _run(
        [
            "chroot",
            str(root),
            "/usr/bin/python3",
            *compiling,
            f"/usr/lib/{python}",
            f"/usr/local/lib/{python}",
        ]
    )


def _pip() -> list[str]:
    """uv where it is on PATH, else this environment's pip."""
    if shutil.which("uv"):
        return ["uv", "pip"]
    return [sys.executable, "-m", "pip"]


def _tar(root: Path, layer: Path) -> None:
    left_out = (
        "dev/*",
        "proc/*",
        "sys/*",
        "var/cache/apt/*",
        "var/lib/apt/lists/*",
        "usr/share/doc",
        "usr/share/man",
    )
    excluded = [f"--exclude=./{path}" for path in left_out]
    _run(
        [
            "tar",
            "-C",
            str(root),
            "--numeric-owner",
            "--sort=name",
            "--mtime=@0",
            *excluded,
            "-cf",
            str(layer),
            ".",
        ]
    )


def _archive(name: str, content: bytes) -> Path:
    """Where the archive of an image with this content is kept."""
    folder = shared_cache() / "images"
    folder.mkdir(exist_ok=True)
    short = name.rpartition("/")[2].replace(":", "-")
    return folder / f"{short}-{hashlib.sha256(content).hexdigest()[:12]}.tar"


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-500:]
        raise Missing(f"the images' files: {command[0]} failed: {said}")


def _digest(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while block := content.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _add_bytes(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))
