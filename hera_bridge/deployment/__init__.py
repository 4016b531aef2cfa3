"""The life of a deployment: look at what is there, plan what would change, apply it, undone on failure.

Reading order: `marks` (what an object says of itself), `deployed` (whose is it), `wanted`, `existing`,
`changes` (the difference, pure) with `differences`. `metaflow_provider.deployment` makes and undoes changes.
"""

from __future__ import annotations

from .changes import changes, rehearse, removal
from .deployed import Deployed, identified, look
from .existing import Existing, look_around
from .wanted import Wanted, wanted

__all__ = [
    "Deployed",
    "Existing",
    "Wanted",
    "changes",
    "identified",
    "look",
    "look_around",
    "rehearse",
    "removal",
    "wanted",
]
