"""The life of a deployment: look at what is there, plan what would change, apply it, undone on failure.

Reading order: `tags`, `deployed` (whose is it), `wanted`, `existing`, `changes` (the difference, pure) with
`job_differences`, `change` (making changes and undoing them).
"""

from __future__ import annotations

from .change import CREATE, DELETE, UNCHANGED, UPDATE, Change, apply
from .changes import changes, removal
from .deployed import Deployed, identified, look
from .existing import Existing, look_around
from .wanted import Wanted, wanted

__all__ = [
    "CREATE",
    "DELETE",
    "UNCHANGED",
    "UPDATE",
    "Change",
    "Deployed",
    "Existing",
    "Wanted",
    "apply",
    "changes",
    "identified",
    "look",
    "look_around",
    "removal",
    "wanted",
]
