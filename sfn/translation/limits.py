"""Figures that AWS and Metaflow set."""

from __future__ import annotations

# Attempts of a task that Metaflow takes, lost hosts included.
MAX_ATTEMPTS = 6
