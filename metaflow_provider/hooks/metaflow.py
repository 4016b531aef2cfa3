"""The connection type `metaflow`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from ..version_compat import AirflowFailException, AirflowNotFoundException, BaseHook, mask_secret

_HEADERS = "METAFLOW_SERVICE_HEADERS"
_EXAMPLE = {"headers": '{"x-api-key": "..."}', "extra": '{"headers": {"x-api-key": "..."}}'}
_SECRET = ("_KEY", "_HEADERS", "_TOKEN", "_SECRET", "_PASSWORD")


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
            AirflowFailException: its extra, or the headers in it, are no JSON object.
        """
        connection = self.get_connection(self.metaflow_conn_id)
        extra = self._object(connection.extra_dejson, "extra")
        variables = {name: _text(value) for name, value in extra.items() if name.startswith("METAFLOW_")}
        if connection.host:
            variables["METAFLOW_SERVICE_URL"] = _address(connection)
        if connection.password:
            variables["METAFLOW_SERVICE_AUTH_KEY"] = connection.password
        headers = extra.get("headers") or variables.get(_HEADERS)
        if headers:
            headers = self._object(headers, "headers")
            variables[_HEADERS] = json.dumps(headers)
            for value in headers.values():
                mask_secret(str(value))
        for secret in _secrets(variables):
            mask_secret(secret)
        return variables

    def _object(self, value: Any, what: str) -> dict[str, Any]:
        try:
            found = json.loads(value) if isinstance(value, str) else value
        except ValueError:
            found = value
        if not isinstance(found, dict):
            raise AirflowFailException(
                f"Connection {self.metaflow_conn_id}: {what} should be a JSON object, it is "
                f"{type(found).__name__}; write {_EXAMPLE[what]}"
            )
        return found


def connection_variables(connection_id: str) -> dict[str, str]:
    """The variables of the connection; none if there is no such connection."""
    try:
        return MetaflowHook(connection_id).get_conn()
    except AirflowNotFoundException:
        return {}


def _address(connection: Any) -> str:
    host = str(connection.host)
    return host if "://" in host else f"http://{host}" + (f":{connection.port}" if connection.port else "")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _secrets(variables: dict[str, str]) -> Iterator[str]:
    """Values of variables with secret names, and what addresses hold before the host."""
    for name, value in variables.items():
        if name.endswith(_SECRET):
            yield value
        userinfo = urlsplit(value).netloc.rpartition("@")[0]
        password = userinfo.partition(":")[2]
        yield from filter(None, (userinfo, password, unquote(password)))
