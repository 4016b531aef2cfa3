"""The states of runs that users ask for."""

from __future__ import annotations

STATES = ("PENDING", "RUNNING", "SUCCEEDED", "FAILED")
