"""Values of parameters as Argo gets them: JSON documents, as stock Metaflow has them; `null` is no value."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from metaflow_extensions.orchestrators.core.hand_over import STORED


@dataclass(frozen=True)
class Stored:
    """The value of a parameter whose text is too long for a Workflow, and is in the datastore instead.

    Attributes:
        address: what `FlowDataStore.save_data` has returned for the text.
    """

    address: str


def value_text(value: Any, *, is_json: bool) -> str:
    r"""A value of a parameter.

    Args:
        value: JSON, or text as on the command line.
        is_json: the parameter's type is JSON, whose values are texts in JSON strings.

    Raises:
        TypeError, ValueError: it is no JSON.

    Example:
        >>> value_text({"a": 1}, is_json=True), value_text(0.5, is_json=False)
        ('"{\\"a\\": 1}"', '0.5')
    """
    if isinstance(value, Stored):
        value = {STORED: value.address}
    elif is_json and not isinstance(value, str):
        value = json.dumps(value, allow_nan=False)
    return json.dumps(value, allow_nan=False)
