"""The life of a deployment: look at what is there, plan what would change, apply it, undone on failure.

Reading order: `tags`, `deployed` (whose is it), `wanted`, `existing`, `changes` (the difference, pure) with
`job_differences`. Changes are made and undone by `metaflow_provider.deployment`.
"""

from __future__ import annotations

from .changes import changes, removal
from .deployed import Deployed, identified, look
from .existing import Existing, look_around
from .wanted import Wanted, creation, wanted

__all__ = [
    "Deployed",
    "Existing",
    "Wanted",
    "changes",
    "creation",
    "identified",
    "look",
    "look_around",
    "removal",
    "wanted",
]
