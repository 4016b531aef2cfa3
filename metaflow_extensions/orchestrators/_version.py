"""The version of the distribution, here because this tree alone reaches a task's container."""

from __future__ import annotations

__version__ = "0.1.0"
