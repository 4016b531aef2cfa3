"""Where Airflow deployments keep their production tokens, as in stock: `mf.airflow/<name>`."""

from __future__ import annotations

import io
import json
from typing import Any

from metaflow.util import get_username

_FOLDER = "mf.airflow"


def deployed_token(flow_datastore: Any, name: str) -> tuple[str, str] | None:
    """Owner and token of the deployment called `name`, if there is one."""
    storage = flow_datastore._storage_impl
    with storage.load_bytes([storage.path_join(_FOLDER, name)]) as loaded:
        for _, path, _ in loaded:
            if path is not None:
                with open(path, encoding="utf-8") as file:
                    data = json.load(file)
                return data["owner"], data["production_token"]
    return None


def save_token(flow_datastore: Any, name: str, token: str) -> None:
    """Make `token` the deployment's, and this user its owner."""
    storage = flow_datastore._storage_impl
    content = json.dumps({"production_token": token, "owner": get_username()}).encode()
    storage.save_bytes([(storage.path_join(_FOLDER, name), io.BytesIO(content))], overwrite=True)
