"""Golden files: what a translation makes of a graph, as JSON that people can read in a change.

`pytest tests --rewrite-goldens` writes them anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


def check_golden(request: pytest.FixtureRequest, file: Path, found: Any) -> None:
    """Compare data with a golden file, or write the file if asked to."""
    text = json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    if request.config.getoption("--rewrite-goldens"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert json.loads(text) == json.loads(file.read_text(encoding="utf-8"))
