"""The connection type `metaflow`."""

from __future__ import annotations

import json
from typing import Any

from ..version_compat import AirflowNotFoundException, BaseHook, mask_secret


class MetaflowHook(BaseHook):
    """Reads a `metaflow` connection.

    Host: the metadata service's address. Password: its auth key. Extra: `{"headers": {...}}`, sent with every
    request, and any `METAFLOW_...` variable for tasks.

    Args:
        metaflow_conn_id: id of the connection.
    """

    conn_name_attr = "metaflow_conn_id"
    default_conn_name = "metaflow_default"
    conn_type = "metaflow"
    hook_name = "Metaflow"

    def __init__(self, metaflow_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.metaflow_conn_id = metaflow_conn_id

    def get_conn(self) -> dict[str, str]:
        """The connection as environment variables of a task; secret ones are masked in Airflow's logs.

        Raises:
            AirflowNotFoundException: there is no such connection.
        """
        connection = self.get_connection(self.metaflow_conn_id)
        variables = {k: str(v) for k, v in connection.extra_dejson.items() if k.startswith("METAFLOW_")}
        for name, value in variables.items():
            if name.endswith(("_KEY", "_HEADERS", "_TOKEN", "_SECRET", "_PASSWORD")):
                mask_secret(value)
        if connection.host:
            variables["METAFLOW_SERVICE_URL"] = _address(connection)
        if connection.password:
            variables["METAFLOW_SERVICE_AUTH_KEY"] = connection.password
            mask_secret(connection.password)
        headers = connection.extra_dejson.get("headers")
        if headers:
            variables["METAFLOW_SERVICE_HEADERS"] = json.dumps(headers)
            for value in headers.values():
                mask_secret(value)
        return variables


def connection_variables(connection_id: str) -> dict[str, str]:
    """The variables of the connection; none if there is no such connection."""
    try:
        return MetaflowHook(connection_id).get_conn()
    except AirflowNotFoundException:
        return {}


def _address(connection: Any) -> str:
    host = str(connection.host)
    return host if "://" in host else f"http://{host}" + (f":{connection.port}" if connection.port else "")
