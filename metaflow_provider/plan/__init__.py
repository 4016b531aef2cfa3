"""The FlowPlan, which every engine reads: model, JSON, cron and refusals.

Reading order: `model`, `codec`, `reader` (from a Metaflow flow), `cron`, `refusal`.
"""

from __future__ import annotations

from .codec import PlanError, digest, dumps, loads
from .model import FlowPlan, Step
from .refusal import Refusal

__all__ = ["FlowPlan", "PlanError", "Refusal", "Step", "digest", "dumps", "loads"]
