"""The object store and the metadata service, where pods reach them: on the node's address."""

from __future__ import annotations

import sys

from integration.harness import metadata_service
from integration.harness.cluster.layout import NAMESPACE, NODE_IP
from integration.harness.cluster.part import ClusterPart
from integration.harness.go_build import go_binary
from integration.harness.process import ROOT, answers, base_env
from integration.harness.s3 import PACKAGE, S3

STORE = "versitygw"
METADATA = "metadata-service"
METADATA_URL = f"http://{NODE_IP}:8080"
SECRET = "object-store"


class ClusterS3(S3):
    """The cluster's object store, for what runs in its network."""

    url = f"http://{NODE_IP}:7070"


class Services(ClusterPart):
    """What flows need beside the engine."""

    @property
    def env(self) -> dict[str, str]:
        """What Metaflow needs to use them, outside of pods and in them."""
        return {
            **ClusterS3().env,
            "METAFLOW_KUBERNETES_SECRETS": SECRET,
            "METAFLOW_DEFAULT_METADATA": "service",
            "METAFLOW_SERVICE_URL": METADATA_URL,
            "METAFLOW_SERVICE_INTERNAL_URL": METADATA_URL,
        }

    def start(self) -> None:
        """Start what does not run yet, and give pods the store's credentials."""
        self._start_store()
        self._start_metadata()
        credentials = {name: value for name, value in ClusterS3().env.items() if name.startswith("AWS_")}
        metadata = {"name": SECRET, "namespace": NAMESPACE}
        self.kubectl.apply(
            [{"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": credentials}]
        )

    def _start_store(self) -> None:
        store = ClusterS3()
        objects = self.layout.run / "objects"
        (objects / store.bucket).mkdir(parents=True, exist_ok=True)  # a folder is a bucket
        keys = {"ROOT_ACCESS_KEY": store.access_key, "ROOT_SECRET_KEY": store.secret_key}
        address = store.url.removeprefix("http://")
        options = ["--quiet", "--port", address, "--region", store.region, "--health", "/health"]
        command = [str(go_binary("versitygw", PACKAGE)), *options, "posix", str(objects)]
        self.daemons.start(STORE, self.network.command(command), {**base_env(), **keys})
        with self.network.entered():
            self.daemons.wait_for(STORE, lambda: answers(f"{store.url}/health"), 10)

    def _start_metadata(self) -> None:
        host, _, port = METADATA_URL.removeprefix("http://").partition(":")
        command = [sys.executable, "-m", metadata_service.__name__, "--host", host, "--port", port]
        env = {**base_env(), "PYTHONPATH": str(ROOT)}
        self.daemons.start(METADATA, self.network.command(command), env)
        with self.network.entered():
            self.daemons.wait_for(METADATA, lambda: answers(f"{METADATA_URL}/ping"), 10)
