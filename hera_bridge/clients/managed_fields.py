"""Who manages which fields of an object, as Kubernetes keeps account of it.

https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

FIELD_MANAGER = "metaflow-orchestrators"
_APPLY, _STATUS = "Apply", "f:status"


def applied_by_others(current: Mapping[str, Any]) -> list[str]:
    """The tools, other than this, that apply an object; who has only edited it is not among them."""
    entries = current["metadata"].get("managedFields") or []
    names = {entry["manager"] for entry in entries if entry["operation"] == _APPLY}
    return sorted(names - {FIELD_MANAGER})


def applied_by_us(current: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that we have applied, as the account has them: `f:` before every key."""
    for entry in current["metadata"].get("managedFields") or []:
        if entry["manager"] == FIELD_MANAGER and entry["operation"] == _APPLY:
            return dict(entry["fieldsV1"])
    return {}


def adopted(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The account after taking over: what others have set is as if we had applied it.

    Status stays the controller's, and what other tools apply stays theirs.

    Example:
        >>> fields = {"f:spec": {"f:priority": {}}}
        >>> stock = {"manager": "stock", "operation": "Update", "apiVersion": "v1", "fieldsV1": fields}
        >>> [(entry["manager"], entry["operation"]) for entry in adopted([stock])]
        [('metaflow-orchestrators', 'Apply')]
    """
    ours: dict[str, Any] = {}
    others = []
    for entry in entries:
        taken = _taken(entry)
        if taken:
            fields = _union(ours.get("fieldsV1", {}), taken)
            ours = {**entry, "manager": FIELD_MANAGER, "operation": _APPLY, "fieldsV1": fields}
        left = {key: value for key, value in entry["fieldsV1"].items() if key not in taken}
        if left:
            others.append({**entry, "fieldsV1": left})
    return [*others, ours] if ours else others


def _taken(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an entry that become ours."""
    applied_by_other = entry["operation"] == _APPLY and entry["manager"] != FIELD_MANAGER
    if applied_by_other or entry.get("subresource"):
        return {}
    return {key: value for key, value in entry["fieldsV1"].items() if key != _STATUS}


def _union(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    both = dict(one)
    for key, value in other.items():
        both[key] = _union(both[key], value) if key in both else value
    return both
