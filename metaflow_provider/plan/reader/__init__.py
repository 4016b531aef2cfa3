"""Reads a Metaflow flow into a FlowPlan. The only part of the plan that knows Metaflow.

Reading order: `flow` (steps, schedules, triggers), `parameters`, `runtime`.
"""

from __future__ import annotations

from .flow import Wishes, build_plan
from .parameters import with_included_files

__all__ = ["Wishes", "build_plan", "with_included_files"]
