"""Azure Blob Storage and Google Cloud Storage on loopback, by emulators; the login to them is a fake."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from integration.harness.npm import npm_program
from integration.harness.process import (
    ROOT,
    Missing,
    Server,
    ServerProcess,
    answers,
    base_env,
    cache_dir,
    free_port,
    wait_until,
)

AZURITE = "azurite@3.35.0"
# What Metaflow asks of who uses these datastores, and Google's emulator.
PACKAGES = (
    "azure-identity",
    "azure-storage-blob",
    "azure-keyvault-secrets",
    "simple-azure-blob-downloader",
    "google-auth",
    "google-cloud-storage",
    "google-cloud-secret-manager",
    "simple-gcp-object-downloader",
    "gcp-storage-emulator==2026.7.19",
)
LOGINS = Path(__file__).with_name("cloud_logins")


def cloud_packages() -> Path:
    """A folder with PACKAGES, installed once a machine.

    Raises:
        Missing: they cannot be installed.
    """
    folder = cache_dir() / "cloud-packages"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            unfinished = folder.with_suffix(".building")
            shutil.rmtree(unfinished, ignore_errors=True)
            pip = ["uv", "pip"] if shutil.which("uv") else [sys.executable, "-m", "pip"]
            options = ["--quiet", "--target", str(unfinished), "--constraint", str(ROOT / "constraints.txt")]
            done = subprocess.run([*pip, "install", *options, *PACKAGES], capture_output=True, text=True)
            if done.returncode:
                raise Missing(f"the packages of Azure and Google: {done.stderr.strip()[-300:]}")
            unfinished.rename(folder)
    return folder


class Cloud(Server):
    """An emulator; `env` is what Metaflow needs to use it, and the packages that it needs for that.

    Args:
        folder: holds its log.

    Raises:
        Missing: on entry, when its program cannot be installed.
    """

    name: str

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: ServerProcess | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        """Variables of who uses the datastore."""
        packages = cloud_packages()
        path = os.pathsep.join([base_env()["PATH"], str(packages / "bin")])
        python = os.pathsep.join([str(LOGINS), str(packages)])
        return {"PATH": path, "PYTHONPATH": python, "METAFLOW_DEFAULT_DATASTORE": self.name}

    def stop(self) -> None:
        if self._process:
            self._process.stop()


class Azurite(Cloud):
    """Azure Blob Storage, by Microsoft's emulator."""

    name = "azure"
    container = "metaflow-test"

    @property
    def env(self) -> dict[str, str]:
        account = f"{self.url}/devstoreaccount1/"
        return {
            **super().env,
            "METAFLOW_AZURE_STORAGE_BLOB_SERVICE_ENDPOINT": account,
            "METAFLOW_DATASTORE_SYSROOT_AZURE": f"{self.container}/metaflow",
        }

    def start(self) -> None:
        program = npm_program(AZURITE, "azurite-blob")
        options = ["--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck", "--silent"]
        command = [str(program), *options, "--blobHost=127.0.0.1", f"--blobPort={self.port}"]
        self._process = ServerProcess(command, base_env(), self._folder / "azurite.log")
        wait_until(self._has_container, 30, "Azurite has a container", poll=1)

    def _has_container(self) -> bool:
        create = f"""if True:
            from azure.storage.blob import BlobServiceClient
            BlobServiceClient({self.url + "/devstoreaccount1"!r}).create_container({self.container!r})
        """
        done = subprocess.run(
            [sys.executable, "-c", create], env={**base_env(), **self.env}, capture_output=True
        )
        return done.returncode == 0


class GoogleStorage(Cloud):
    """Google Cloud Storage, by an emulator in Python."""

    name = "gs"
    bucket = "metaflow-test"

    @property
    def env(self) -> dict[str, str]:
        return {
            **super().env,
            "STORAGE_EMULATOR_HOST": self.url,
            "METAFLOW_DATASTORE_SYSROOT_GS": f"gs://{self.bucket}/metaflow",
        }

    def start(self) -> None:
        program = cloud_packages() / "bin" / "gcp-storage-emulator"
        options = [
            "--host=127.0.0.1",
            f"--port={self.port}",
            "--in-memory",
            f"--default-bucket={self.bucket}",
        ]
        command = [sys.executable, str(program), "start", *options]
        env = {**base_env(), "PYTHONPATH": str(cloud_packages())}
        self._process = ServerProcess(command, env, self._folder / "google-storage.log")
        self._process.wait_for(lambda: answers(f"{self.url}/storage/v1/b/{self.bucket}"), seconds=30)
