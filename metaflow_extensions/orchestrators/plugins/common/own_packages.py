"""Whether a module beside the flow hides one of this package's."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from metaflow.exception import MetaflowException


def check_not_hidden(package: str) -> None:
    """Refuse to go on with somebody else's module of the same name.

    Raises:
        MetaflowException: names the file that Python would import.
    """
    own = importlib.util.find_spec("metaflow_provider")
    found = importlib.util.find_spec(package)
    assert own is not None
    expected = Path(str(own.origin)).resolve().parent.parent / package / "__init__.py"
    if found is None or found.origin is None or Path(found.origin).resolve() != expected:
        there = (found.origin or next(iter(found.submodule_search_locations or ()), None)) if found else None
        raise MetaflowException(
            f"Python finds {there or 'nothing'} as the module {package}, instead of the one of "
            "metaflow-orchestrators: rename the file, or move it out of the flow's folder."
        )
