"""The values that a run was started with, as the engine gives them to the run's first task."""

from __future__ import annotations

import base64
import binascii
import json
import tempfile
from pathlib import Path
from typing import Any

from ..core.hand_over import STORED, parameters_key
from .attempts import flow_datastore
from .child import run_quietly
from .request import TaskRequest
from .supervisor import FAILED_FOR_GOOD, TRY_AGAIN, TaskFailed

# Where the values are: in the datastore; here, as the text that follows; in a file, whose path follows.
_IN_DATASTORE, _HERE, _IN_FILE = "given", "text:", "file:"


def given_values(request: TaskRequest, place: str) -> dict[str, str]:
    """Values by parameter as command line text; those that are `null` are not given.

    Args:
        request: what the engine asked.
        place: `given`: a JSON object in the datastore, under `core.hand_over.parameters_key`;
            `text:JSON`: the object itself; `file:PATH`: a file with such an object in base64,
            whose values are texts: JSON, or what is to be taken as it is.

    Raises:
        TaskFailed: the values cannot be read, or are none.
    """
    if place == _IN_DATASTORE:
        return _texts(_object(_stored_text(request)))
    if place.startswith(_HERE):
        return _texts(_object(place.removeprefix(_HERE)))
    if not place.startswith(_IN_FILE):
        raise TaskFailed(f"The run's parameters are in an unknown place: {place!r}", FAILED_FOR_GOOD)
    texts = _object(_file_text(Path(place.removeprefix(_IN_FILE))))
    found = {name: _value(request, str(text)) for name, text in texts.items()}
    return {name: value for name, value in found.items() if value is not None}


def _value(request: TaskRequest, text: str) -> str | None:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    if isinstance(value, dict) and list(value) == [STORED]:
        return _fetched(request, lambda file: _load(request, value[STORED], file))
    return value if isinstance(value, str) or value is None else text


def _object(text: str) -> dict[str, Any]:
    try:
        values: Any = json.loads(text)
        if isinstance(values, str):  # Step Functions stores a text as a JSON string
            values = json.loads(values)
    except ValueError as error:
        raise TaskFailed(f"The run's parameters are no JSON: {error}", FAILED_FOR_GOOD) from None
    if not isinstance(values, (dict, type(None))):
        kind = type(values).__name__
        raise TaskFailed(f"The run's parameters are a JSON {kind}, not an object", FAILED_FOR_GOOD)
    return values or {}


def _texts(values: dict[str, Any]) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in values.items()
        if value is not None
    }


def _file_text(file: Path) -> str:
    try:
        return base64.b64decode(file.read_bytes(), validate=True).decode()
    except (OSError, binascii.Error, UnicodeDecodeError) as error:
        raise TaskFailed(f"The run's parameters cannot be read: {error}", FAILED_FOR_GOOD) from None


def _stored_text(request: TaskRequest) -> str:
    key = parameters_key(request.flow, request.run_id)
    return _fetched(request, lambda file: _fetch(request, key, file))


def _fetched(request: TaskRequest, fetch: Any) -> str:
    """What `fetch` leaves in a file, in a process of its own: its connections end with it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "parameters")
        if not run_quietly(lambda: fetch(file)):
            raise TaskFailed("The run's parameters cannot be read", TRY_AGAIN)
        return file.read_text(encoding="utf-8")


def _fetch(request: TaskRequest, key: str, file: Path) -> None:
    with flow_datastore(request)._storage_impl.load_bytes([key]) as loaded:
        [(_, path, _)] = loaded
        if path is None:
            raise FileNotFoundError(f"The datastore has no {key}, which the engine should have put there")
        file.write_bytes(Path(path).read_bytes())


def _load(request: TaskRequest, address: str, file: Path) -> None:
    [(_, content)] = flow_datastore(request).load_data([address])
    file.write_bytes(content)
