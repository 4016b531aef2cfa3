"""A deployment as a list of changes, in the form that all engines share.

The life of a deployment: look at what is there, plan what would change (`Change`, pure), apply it (`apply`,
undone on failure). Reading order: `changes`, `owner`, `parameters`, `run_ids`,
`polling`.
"""

from __future__ import annotations

from .changes import (
    CREATE,
    DELETE,
    UNCHANGED,
    UPDATE,
    Change,
    ServiceError,
    Undo,
    apply,
    difference,
    differing_fields,
    is_empty,
)
from .owner import check_owner
from .parameters import check_names
from .polling import looks
from .run_ids import own_run_id

__all__ = [
    "CREATE",
    "DELETE",
    "UNCHANGED",
    "UPDATE",
    "Change",
    "ServiceError",
    "Undo",
    "apply",
    "check_names",
    "check_owner",
    "difference",
    "differing_fields",
    "is_empty",
    "looks",
    "own_run_id",
]
