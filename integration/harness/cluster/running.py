"""The cluster that tests get, chosen by two variables of the environment.

`INTEGRATION_CLUSTER`: `own` for that of KUBECONFIG's current context, where nothing is built or started;
`local` for the one of this machine, built and started if need be; without it, that one if it is up already
(with `CI=true`: as `local`). `ARGO_VERSION`: the version of Argo Workflows of the local cluster.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from integration.harness.cluster.cluster import Cluster, OwnCluster
from integration.harness.cluster.layout import ARGO_VERSIONS
from integration.harness.cluster.local import LocalCluster
from integration.harness.cluster.users import Users
from integration.harness.process import Missing

CHOICE = "INTEGRATION_CLUSTER"
VERSION = "ARGO_VERSION"


@contextmanager
def running_cluster(parts: Sequence[str] = ()) -> Iterator[Cluster]:
    """A cluster that runs; a local one is left as it was found, up or down, by the last who uses it.

    Args:
        parts: of PARTS, what the cluster shall have beside Argo Workflows.

    Raises:
        Missing: none is up and none may be started, or it cannot be built on this machine.

    Example:
        @pytest.fixture(scope="session")
        def cluster():
            with skipped_if_missing(), running_cluster() as cluster:
                yield cluster
    """
    choice = os.environ.get(CHOICE) or ("local" if os.environ.get("CI") == "true" else "")
    if choice not in ("", "own", "local"):
        raise Missing(f"{CHOICE}={choice} is none of 'own', 'local' and empty")
    if choice == "own":
        yield OwnCluster()
        return
    version = os.environ.get(VERSION) or ARGO_VERSIONS[0]
    if version not in ARGO_VERSIONS:
        raise Missing(f"{VERSION}={version} is none of {', '.join(ARGO_VERSIONS)}")
    local = LocalCluster(version)
    if not choice and not local.is_up():
        raise Missing(
            f"no cluster with Argo Workflows {version} is up: `make cluster-up` starts one, {CHOICE}=local "
            f"lets tests do so, and {CHOICE}=own names that of KUBECONFIG"
        )
    with Users(local.layout.users).using(local.is_up, local.down):
        local.up(parts)
        yield local
