"""The states of runs that users ask for; what AWS calls them."""

from __future__ import annotations

STATES = ("RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")
