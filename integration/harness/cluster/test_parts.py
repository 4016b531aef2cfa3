"""The parts of the cluster that need none: its processes, its images, and which cluster tests get."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from integration.harness.cluster.cluster import OwnCluster
from integration.harness.cluster.daemons import Daemons
from integration.harness.cluster.images import ImageConfig, write_image
from integration.harness.cluster.running import running_cluster
from integration.harness.cluster.users import Users
from integration.harness.process import Missing, NotStarted, base_env, wait_until

STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("on", flush=True)
time.sleep(99)
"""


@pytest.fixture
def daemons(tmp_path: Path) -> Daemons:
    return Daemons(tmp_path / "pids", tmp_path / "logs")


class FakeCluster:
    """Stands for a cluster, which takes minutes to start: a file that is there while it runs."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "up"
        self.users = Users(folder / "users")

    @contextmanager
    def used(self) -> Iterator[None]:
        with self.users.using(self.file.exists, self.file.unlink):
            self.file.touch()
            yield


KILLED = """
import os, signal, sys
from pathlib import Path
from integration.harness.cluster.test_parts import FakeCluster
with FakeCluster(Path(sys.argv[1])).used():
    os.kill(os.getpid(), signal.SIGKILL)
"""


class TestUsers:
    def test_the_last_one_takes_down_what_the_first_has_started(self, tmp_path: Path) -> None:
        one, other = FakeCluster(tmp_path), FakeCluster(tmp_path)
        with ExitStack() as stack:
            with one.used():
                stack.enter_context(other.used())
            assert one.file.exists()
        assert not one.file.exists()

    def test_what_was_up_before_stays_up(self, tmp_path: Path) -> None:
        cluster = FakeCluster(tmp_path)
        cluster.file.touch()
        with cluster.used(), cluster.used():
            pass
        assert cluster.file.exists()

    def test_one_that_was_killed_uses_it_no_more(self, tmp_path: Path) -> None:
        cluster = FakeCluster(tmp_path)
        subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], env={**os.environ, **base_env()})
        assert cluster.file.exists()
        with cluster.used():
            pass
        assert not cluster.file.exists()


class TestDaemons:
    def test_one_that_ignores_sigterm_is_killed(self, daemons: Daemons) -> None:
        daemons.start("stubborn", [sys.executable, "-c", STUBBORN], base_env())
        wait_until(lambda: "on" in daemons.log("stubborn").read_text(), 20, "it runs")
        daemons.stop(["stubborn"], seconds=0.2)
        assert not daemons.alive("stubborn")
        assert daemons.names() == []

    def test_one_that_runs_is_not_started_again(self, daemons: Daemons) -> None:
        try:
            daemons.start("sleep", ["sleep", "99"], base_env())
            first = daemons.pid("sleep")
            daemons.start("sleep", ["sleep", "99"], base_env())
            assert daemons.pid("sleep") == first
        finally:
            daemons.stop(["sleep"], seconds=0)

    def test_somebody_elses_process_with_the_recorded_id_is_left_alone(self, daemons: Daemons) -> None:
        with subprocess.Popen(["sleep", "99"]) as other:
            daemons.pids.mkdir()
            (daemons.pids / "old").write_text(json.dumps({"pid": other.pid, "started": "1"}))
            assert not daemons.alive("old")
            daemons.stop(["old"], seconds=0)
            assert other.poll() is None
            other.kill()

    def test_one_that_ends_early_is_told_with_its_log(self, daemons: Daemons) -> None:
        daemons.start("broken", ["sh", "-c", "echo no such flag; exit 2"], base_env())
        with pytest.raises(NotStarted, match=r"broken ended\n.*\nno such flag"):
            daemons.wait_for("broken", lambda: False, seconds=20)


def content(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    assert file is not None
    return file.read()


def test_an_images_archive_names_its_layer_by_content(tmp_path: Path) -> None:
    layer = tmp_path / "layer.tar"
    with tarfile.open(layer, "w") as tar:
        tar.add(__file__, "test.py")
    write_image(
        tmp_path / "image.tar", "harness.local/x:1", layer, ImageConfig(["/x"], user="1:1", env=["A=b"])
    )
    with tarfile.open(tmp_path / "image.tar") as tar:
        (described,) = json.loads(content(tar, "manifest.json"))
        config = json.loads(content(tar, described["Config"]))
        packed = content(tar, described["Layers"][0])
    assert described["RepoTags"] == ["harness.local/x:1"]
    assert packed == layer.read_bytes()
    assert config["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(packed).hexdigest()}"]
    assert (config["config"]["Entrypoint"], config["config"]["User"]) == (["/x"], "1:1")
    assert "A=b" in config["config"]["Env"]


class TestChoice:
    @pytest.fixture(autouse=True)
    def nothing_is_up(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        for name in ("CI", "INTEGRATION_CLUSTER", "ARGO_VERSION", "KUBECONFIG"):
            monkeypatch.delenv(name, raising=False)

    def refusal(self) -> str:
        with pytest.raises(Missing) as refused, running_cluster():
            pass
        return str(refused.value)

    def test_none_is_started_unasked(self) -> None:
        assert self.refusal().startswith(
            "no cluster with Argo Workflows 4.0.2 is up: `make cluster-up` starts one"
        )

    def test_an_unknown_version_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ARGO_VERSION", "4.1.0")
        assert self.refusal() == "ARGO_VERSION=4.1.0 is none of 4.0.2, 3.7.14"

    def test_a_cluster_of_ones_own_needs_a_kubeconfig(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("INTEGRATION_CLUSTER", "own")
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
        assert self.refusal() == f"there is no kubeconfig at {tmp_path / 'none'}: set KUBECONFIG"

    def test_a_cluster_of_ones_own_is_used_with_ones_own_settings(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        kubeconfig = tmp_path / "config"
        kubeconfig.touch()
        monkeypatch.setenv("INTEGRATION_CLUSTER", "own")
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
        monkeypatch.setenv("METAFLOW_KUBERNETES_NAMESPACE", "flows")
        monkeypatch.setenv("ARGO_SERVER", "argo.example.com:2746")
        with running_cluster() as cluster:
            assert isinstance(cluster, OwnCluster)
            assert (cluster.namespace, cluster.argo_server) == ("flows", "https://argo.example.com:2746")
            assert cluster.env["METAFLOW_KUBERNETES_NAMESPACE"] == "flows"
            assert cluster.env["KUBECONFIG"] == str(kubeconfig)
            assert cluster.command(["true"]) == ["true"]
