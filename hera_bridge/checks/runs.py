"""What holds for a whole run: its time to live, priority, limits.

https://argo-workflows.readthedocs.io/en/latest/fields/#workflowspec
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .finding import Finding
from .workflow import Data

_HIGHEST = 2**31 - 1


def findings(manifest: Data, where: str) -> Iterator[Finding]:
    """Numbers out of their range, in a workflow or in what a CronWorkflow starts."""
    spec = manifest.get("spec", {})
    spec = spec.get("workflowSpec", spec)
    for name, value in _numbers(spec):
        low = -_HIGHEST - 1 if name == "priority" else 0
        if isinstance(value, int) and not low <= value <= _HIGHEST:
            yield Finding(where, "", "range", f"{name} is {value}, and has to be {low} to {_HIGHEST}")


def _numbers(spec: Data) -> Iterator[tuple[str, Any]]:
    for name in ("priority", "parallelism", "activeDeadlineSeconds"):
        yield name, spec.get(name)
    yield from spec.get("ttlStrategy", {}).items()
