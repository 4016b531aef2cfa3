"""Sizes: of objects, annotations and single texts.

A WorkflowTemplate is copied into the status of each of its runs, beside the state of all their nodes.
https://argo-workflows.readthedocs.io/en/latest/offloading-large-workflows/
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .finding import WARNING, Finding
from .workflow import Data, Workflow

LARGEST_OBJECT, LARGE_OBJECT = 900 * 1024, 256 * 1024
LARGEST_ANNOTATIONS = 256 * 1024
# One argument or variable of a process.
LARGEST_TEXT = 128 * 1024
_NAMED = 3


def size(data: Any) -> int:
    """Bytes of the compact JSON."""
    return len(json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode())


def object_findings(manifest: Data, where: str) -> Iterator[Finding]:
    """The size of an object and of its annotations."""
    total = size(manifest)
    if total > LARGE_OBJECT:
        severity = {} if total > LARGEST_OBJECT else {"severity": WARNING}
        limit = LARGEST_OBJECT if total > LARGEST_OBJECT else LARGE_OBJECT
        message = f"it has {total:,} bytes, more than {limit:,}{_largest(manifest)}"
        yield Finding(where, "", "object-size", message, **severity)
    annotations = sum(
        len(key.encode()) + len(str(value).encode())
        for key, value in manifest.get("metadata", {}).get("annotations", {}).items()
    )
    if annotations > LARGEST_ANNOTATIONS:
        message = f"the annotations have {annotations:,} bytes, Kubernetes takes {LARGEST_ANNOTATIONS:,}"
        yield Finding(where, "", "annotations-size", message)


def findings(workflow: Workflow) -> Iterator[Finding]:
    """Texts that are too long for a process."""
    defaults = {"templateDefaults": workflow.spec.get("templateDefaults", {})}
    named = {f"template {name!r}": template for name, template in workflow.by_name.items()}
    for place, template in {**named, **defaults}.items():
        container = template.get("container", {})
        texts = {f"variable {each['name']}": str(each.get("value", "")) for each in container.get("env", [])}
        words = [*container.get("command", []), *container.get("args", [])]
        texts |= {f"word {number} of the command": word for number, word in enumerate(words, 1)}
        for what, text in texts.items():
            if len(text.encode()) > LARGEST_TEXT:
                message = f"{what} has {len(text.encode()):,} bytes, a process takes {LARGEST_TEXT:,}"
                yield Finding(workflow.object, place, "text-size", message)


def _largest(manifest: Data) -> str:
    templates = manifest.get("spec", {}).get("templates", [])
    sizes = sorted(((size(template), template.get("name")) for template in templates), reverse=True)
    if not sizes:
        return ""
    return "; the largest templates: " + ", ".join(f"{name} ({of:,})" for of, name in sizes[:_NAMED])
