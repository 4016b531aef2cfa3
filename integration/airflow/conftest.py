"""One scheduler for all tests of this folder: its start is paid once."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from integration.airflow.engine import Engine, connection
from integration.conformance.reference import local_environment
from integration.harness.airflow.home import AirflowHome
from integration.harness.airflow.scheduler import Scheduler
from integration.harness.metadata_service import MetadataService

# No file waits for the processor's turn when it has changed; the others need not be read all the time.
SETTINGS = {"dag_processor": {"min_file_process_interval": "30"}}


@pytest.fixture(scope="package")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("engine")
    store = folder / "store"
    store.mkdir()
    header = ("x-api-key", f"canary-{secrets.token_hex(8)}")
    with MetadataService(folder, required_header=header) as service:
        home = AirflowHome(folder / "airflow", SETTINGS)
        home.env = {
            **local_environment(store, home.env),
            "AIRFLOW_CONN_METAFLOW_DEFAULT": connection(service.url, dict([header])),
        }
        metadata = {"METAFLOW_DEFAULT_METADATA": "service", "METAFLOW_SERVICE_URL": service.url}
        with Scheduler(home, parallelism=4) as scheduler:
            yield Engine(scheduler, metadata, dict([header]))
