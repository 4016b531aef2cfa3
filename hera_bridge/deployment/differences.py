"""What is different between an object in the cluster and the one that is wanted.

Only what is wanted is compared: the server adds defaults, and others may add labels and fields of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from metaflow_provider.deployment import differing_fields

from ..clients.kinds import SECRET, kind_of
from ..clients.managed_fields import applied_by_us
from ..quantity import quantity
from .marks import DEPLOYED_AT, DIGEST, content_of, is_ours

_DEFAULTS = (("protocol", "TCP"), ("type", "Opaque"))
_EMPTY = ("", None, False, 0)


def is_as_wanted(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether an object is as it was deployed, and nobody has edited what is wanted."""
    there, asked = fields(current), fields(wanted)
    if kind_of(wanted) is SECRET:  # no digest tells whether a key is to go
        return _of_secret(there) == _of_secret(asked)
    return all(_is_same(there.get(path), value) for path, value in asked.items())


def difference_lines(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> tuple[str, ...]:
    """What is different, a line each; of a Secret only which keys."""
    there, asked = (
        {path: value for path, value in fields(each).items() if not _is_mark(path)}
        for each in (current, wanted)
    )
    there = {
        path: asked[path] if _is_same(value, asked.get(path)) else value
        for path, value in there.items()
        if path in asked or not (value in _EMPTY or _is_default(path, value) or _stays(current, path))
    }
    asked = {path: value for path, value in asked.items() if path in there or value not in _EMPTY}
    lines = differing_fields(there, asked)
    if kind_of(wanted) is SECRET:
        return tuple(line.partition(":")[0] for line in lines)
    return lines


def fields(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Every value of an object by its path, items of lists by their names, texts by their lines.

    Example:
        >>> fields({"metadata": {"name": "a"}, "spec": {"env": [{"name": "X", "value": "1"}]}})
        {'metadata.name': 'a', 'spec.env.X.name': 'X', 'spec.env.X.value': '1'}
    """
    return dict(_leaves(content_of(manifest), ""))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, str) and "\n" in value:
        value = value.split("\n")
    if isinstance(value, list):
        value = {_name(item, index): item for index, item in enumerate(value)}
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    else:
        yield path, value


def _name(item: Any, index: int) -> str:
    """What tells an item of a list from the others: its name, or its place."""
    return str(item["name"]) if isinstance(item, Mapping) and item.get("name") else str(index)


def _is_same(one: Any, other: Any) -> bool:
    """Whether two values mean the same: the Argo Server writes `0.5` as `500m`, and leaves out `false`."""
    if one == other or (one in _EMPTY and other in _EMPTY):
        return True
    number = quantity(one)
    return number is not None and number == quantity(other)


def _is_default(path: str, value: Any) -> bool:
    """Whether the server adds a value; others that Argo's definitions have are empty, or of rare volumes."""
    return (path.rpartition(".")[2], value) in _DEFAULTS


def _stays(current: Mapping[str, Any], path: str) -> bool:
    """Whether a label or annotation is another's, who has put it on an object of ours."""
    fields = applied_by_us(current).get("f:metadata", {})
    for section in ("labels", "annotations"):
        key = path.removeprefix(f"metadata.{section}.")
        if key != path:
            return is_ours(current) and f"f:{key}" not in fields.get(f"f:{section}", {})
    return False


def _is_mark(path: str) -> bool:
    return path in (f"metadata.annotations.{mark}" for mark in (DIGEST, DEPLOYED_AT))


def _of_secret(found: Mapping[str, Any]) -> dict[str, Any]:
    return {path: value for path, value in found.items() if path.startswith("data.") or ".labels." in path}
