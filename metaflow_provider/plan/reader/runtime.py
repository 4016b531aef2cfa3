"""How tasks of the flow are started: options of its command line, and variables."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from typing import Any

from ..model import Runtime
from ..refusal import Refusal

_ADDRESS_WITH_USER = re.compile(r"://[^/\s?#@]*@")


def read_runtime(state: Any) -> Runtime:
    """The runtime of the flow that Metaflow's command line has loaded.

    Raises:
        Refusal: an address among the variables of every task holds a user name or a password.
    """
    datastore = state.flow_datastore
    return Runtime(
        datastore=datastore.TYPE,
        datastore_root=datastore.datastore_root,
        metadata=state.metadata.TYPE,
        environment_type=state.environment.TYPE,
        options=tuple(_options(state)),
        environment=_common_environment(state),
    )


def _options(state: Any) -> Iterator[str]:
    """Options of the flow's command line that every task is started with."""
    from metaflow.decorators import flow_decorators

    for deco in flow_decorators(state.flow):
        for name, value in dict(deco.get_top_level_options()).items():
            yield from _option(name, value)
    yield "--quiet"
    yield "--no-pylint"
    yield f"--metadata={state.metadata.TYPE}"
    yield f"--environment={state.environment.TYPE}"
    yield f"--datastore={state.flow_datastore.TYPE}"
    yield f"--datastore-root={state.flow_datastore.datastore_root}"
    yield f"--event-logger={state.event_logger.TYPE}"
    yield f"--monitor={state.monitor.TYPE}"


def _option(name: str, value: Any) -> Iterator[str]:
    flag = "--" + name.replace("_", "-")
    if value is True:
        yield flag
    elif isinstance(value, (list, tuple)):
        yield from (f"{flag}={item}" for item in value)
    elif value is not None and value is not False:
        yield f"{flag}={value}"


def _common_environment(state: Any) -> dict[str, str]:
    """Variables of every task, as stock Metaflow sets them, without anything secret."""
    from metaflow import metaflow_config as config
    from metaflow.metaflow_config_funcs import config_values
    from metaflow.user_configs.config_options import ConfigInput

    datastore = state.flow_datastore
    variables = {
        "METAFLOW_FLOW_NAME": state.flow.name,
        "METAFLOW_OWNER": owner(),
        "METAFLOW_USER": owner(),
        "METAFLOW_DEFAULT_DATASTORE": datastore.TYPE,
        "METAFLOW_DEFAULT_METADATA": state.metadata.TYPE,
        "METAFLOW_SERVICE_URL": config.SERVICE_INTERNAL_URL,
        "METAFLOW_DATASTORE_SYSROOT_S3": config.DATASTORE_SYSROOT_S3,
        "METAFLOW_DATATOOLS_S3ROOT": config.DATATOOLS_S3ROOT,
        "METAFLOW_CARD_S3ROOT": config.CARD_S3ROOT,
        "METAFLOW_S3_ENDPOINT_URL": config.S3_ENDPOINT_URL,
        "METAFLOW_S3_SERVER_SIDE_ENCRYPTION": config.S3_SERVER_SIDE_ENCRYPTION,
        "METAFLOW_DATASTORE_SYSROOT_GS": config.DATASTORE_SYSROOT_GS,
        "METAFLOW_CARD_GSROOT": config.CARD_GSROOT,
        "METAFLOW_DATASTORE_SYSROOT_AZURE": config.DATASTORE_SYSROOT_AZURE,
        "METAFLOW_CARD_AZUREROOT": config.CARD_AZUREROOT,
        "METAFLOW_AZURE_STORAGE_BLOB_SERVICE_ENDPOINT": config.AZURE_STORAGE_BLOB_SERVICE_ENDPOINT,
        "METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE": config.DEFAULT_SECRETS_BACKEND_TYPE,
        "METAFLOW_AWS_SECRETS_MANAGER_DEFAULT_REGION": config.AWS_SECRETS_MANAGER_DEFAULT_REGION,
        "METAFLOW_GCP_SECRET_MANAGER_PREFIX": config.GCP_SECRET_MANAGER_PREFIX,
        "METAFLOW_AZURE_KEY_VAULT_PREFIX": config.AZURE_KEY_VAULT_PREFIX,
        "METAFLOW_DATASTORE_SYSROOT_LOCAL": _local_root(state),
    }
    for name, value in config_values():
        if name.startswith(("METAFLOW_CONDA_", "METAFLOW_DEBUG_")):
            variables[name] = value
    configs = {
        p.name: ConfigInput.make_key_name(p.name)
        for _, p in state.flow._get_parameters()
        if p.IS_CONFIG_PARAMETER
    }
    if configs:
        variables["METAFLOW_FLOW_CONFIG_VALUE"] = json.dumps(configs)
    known = {name: str(value) for name, value in sorted(variables.items()) if value is not None}
    for name, value in known.items():
        if _ADDRESS_WITH_USER.search(value):
            raise Refusal(
                f"{name} holds a user name or a password in an address, and a plan is no place for one",
                remedy="leave it out of the address; on Airflow the connection metaflow_default can hold it",
            )
    return known


def _local_root(state: Any) -> str | None:
    """Where local data and local metadata are, which tasks would else look for below their own folder."""
    from metaflow.metaflow_config import DATASTORE_LOCAL_DIR
    from metaflow.plugins.datastores.local_storage import LocalStorage

    if "local" not in (state.flow_datastore.TYPE, state.metadata.TYPE):
        return None
    root: str = LocalStorage.get_datastore_root_from_config(lambda *_, **__: None)
    return os.path.dirname(root) if os.path.basename(root) == DATASTORE_LOCAL_DIR else root


def owner() -> str:
    """Who deploys the flow, as Metaflow finds out."""
    from metaflow.util import get_username

    return str(get_username())
